// What all pages need of a script. Everything else works without one.
import "./toasts.js";
import "./keys.js";
import "./menus.js";

document.documentElement.classList.add("js");
