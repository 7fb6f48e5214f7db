// What all pages need of a script. Everything else works without one.
import "./toasts.js";
import "./keys.js";
import "./menus.js";

document.documentElement.classList.add("js");

// On small screens the pages are a strip that scrolls sideways: the one that is open is in sight.
const strip = document.querySelector(".side");
const open = strip?.querySelector("[aria-current]");
if (open) strip.scrollLeft = open.offsetLeft - (strip.clientWidth - open.offsetWidth) / 2;
