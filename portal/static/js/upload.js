// Says before sending that the pictures are too many or too large: some servers and
// browsers cut such a request off without a word. Without this script the server says it.

const picked = document.getElementById("id_pictures");
const warning = document.getElementById("too-much");

function isTooMuch() {
  const files = [...picked.files];
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  return files.length > Number(picked.dataset.most) || bytes > Number(picked.dataset.bytes);
}

picked.addEventListener("change", () => { warning.hidden = !isTooMuch(); });

picked.form.addEventListener("submit", (event) => {
  if (isTooMuch()) {
    event.preventDefault();
    picked.focus();
    return;
  }
  // A second tap is harmless (the form carries a one-time token), but it worries people.
  event.submitter?.setAttribute("aria-disabled", "true");
});
