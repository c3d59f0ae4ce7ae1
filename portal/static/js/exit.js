// Leaving fast: hide the page at once, and put the next page in place of this one,
// so that "Back" does not show it. Without this script the same link still leaves.

for (const link of document.querySelectorAll("[data-exit]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    document.title = "";
    document.body.hidden = true;
    sessionStorage.clear();
    location.replace(link.href);
  });
}
