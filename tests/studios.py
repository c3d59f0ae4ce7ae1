"""Somebody who signs pictures with throw-away certificates (Content Credentials), for tests."""

import datetime as dt
import io
import json
from dataclasses import dataclass
from typing import Any, Final

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey

AI: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"


def certificate(name: str, key: Key, issuer: x509.Name, by: Key) -> x509.Certificate:
    """Issue a certificate as C2PA wants them; one issued by its own key is a CA."""
    authority = key is by
    now = dt.datetime.now(dt.UTC)
    day = dt.timedelta(days=1)
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(distinguished(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not authority,
                key_cert_sign=authority,
                crl_sign=authority,
                **usage,
            ),
            critical=True,
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()),
            critical=False,
        )
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
    )
    if not authority:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(purpose, critical=False)
    return builder.sign(by, hashes.SHA256())


def distinguished(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Made Up Studio"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


@dataclass(frozen=True)
class Studio:
    """Somebody who signs pictures, and the authority that vouches for them."""

    chain: str
    authority: str
    key: bytes

    def sign(
        self,
        picture: bytes,
        manifest: dict[str, Any],
        *,
        opened: bool = False,
        reference: bytes = b"",
        remote: str = "",
        kind: str = "image/jpeg",
    ) -> bytes:
        """Sign a picture: one made anew, or one that was opened and edited."""
        builder = c2pa.Builder.from_json(manifest)
        if opened:
            builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
        if reference:
            about = {"title": "reference", "relationship": "inputTo"}
            file = io.BytesIO(reference)
            builder.add_ingredient(json.dumps(about), "image/jpeg", file)
        if remote:
            builder.set_no_embed()
            builder.set_remote_url(remote)
        info = c2pa.C2paSignerInfo("es256", self.chain.encode(), self.key, None)
        signed = io.BytesIO()
        with c2pa.Signer.from_info(info) as signer:
            builder.sign(signer, kind, io.BytesIO(picture), signed)
        return signed.getvalue()


def a_studio() -> Studio:
    root, leaf = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = certificate("Authority", root, distinguished("Authority"), root)
    signer = certificate("Signer", leaf, authority.subject, root)
    encode = serialization.Encoding.PEM
    root_pem = authority.public_bytes(encode).decode()
    return Studio(
        chain=signer.public_bytes(encode).decode() + root_pem,
        authority=root_pem,
        key=leaf.private_bytes(
            encode,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


def manifest(source: str, action: str = "c2pa.created") -> dict[str, Any]:
    step = {"action": action, "digitalSourceType": source, "softwareAgent": "Made Up"}
    return {
        "claim_generator_info": [{"name": "Reclaim's tests", "version": "1"}],
        "assertions": [{"label": "c2pa.actions", "data": {"actions": [step]}}],
    }
