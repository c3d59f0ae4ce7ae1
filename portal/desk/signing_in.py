"""The desk's door. Failures are slowed down by name, not by address."""

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from portal.accounts.pacing import Bucket

LONGEST_NAME = 150


class Login(LoginView):
    template_name = "desk/login.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: str, **kwargs: object) -> HttpResponse:
        if wait := self._bucket().wait():
            form = AuthenticationForm(request)
            words = _("Too many tries. Please wait %(wait)d seconds.") % {"wait": wait}
            context = self.get_context_data(form=form, later=words)
            return self.render_to_response(
                context, status=429, headers={"Retry-After": wait}
            )
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        self._bucket().take()
        return super().form_invalid(form)

    def _bucket(self) -> Bucket:
        name = self.request.POST.get("username", "")[:LONGEST_NAME].strip().lower()
        return Bucket(f"desk:{name}", size=5, seconds=20)


def login(request: HttpRequest) -> HttpResponseBase:
    return Login.as_view()(request)
