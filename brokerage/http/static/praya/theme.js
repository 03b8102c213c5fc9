/* Runs before the page is painted: the theme chosen here before, or else the system's. */
"use strict";
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => localStorage.getItem("praya-theme");
  const show = () => root.setAttribute("data-bs-theme", chosen() || (dark.matches ? "dark" : "light"));
  show();
  dark.addEventListener("change", show);
  addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-switch]")) return;
    localStorage.setItem("praya-theme", root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark");
    show();
  });
})();
