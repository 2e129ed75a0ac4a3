/* Runs before anything is drawn and before htmx: the theme of the device, and the guard for input methods. */
(function () {
  "use strict";
  var root = document.documentElement;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");

  function theme() {
    var choice = root.dataset.theme;
    root.dataset.bsTheme = choice === "light" || choice === "dark" ? choice : dark.matches ? "dark" : "light";
    root.dispatchEvent(new Event("desk:theme"));
  }
  theme();
  dark.addEventListener("change", theme);
  window.deskTheme = function (choice) {
    root.dataset.theme = choice || "auto";
    theme();
  };

  /* While an input method composes, half-typed pinyin must reach neither htmx nor the shortcuts. Each composition
     ends in exactly one input event. Without this a search box sends z, zh, zhan, zhang and then 張. */
  window.addEventListener("input", function (event) {
    if (event.isComposing) event.stopImmediatePropagation();
  }, true);
  window.addEventListener("keydown", function (event) {
    if (event.isComposing || event.keyCode === 229) event.stopImmediatePropagation();
  }, true);
  window.addEventListener("compositionend", function (event) {
    var target = event.target;
    /* Chrome has already sent its last (composing) input event, Firefox and Safari send theirs right after:
       wait a tick, swallow theirs, send one. */
    var own = false;
    function once(late) {
      if (late.target === target && !own) late.stopImmediatePropagation();
    }
    window.addEventListener("input", once, true);
    setTimeout(function () {
      own = true;
      window.removeEventListener("input", once, true);
      target.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertFromComposition" }));
    }, 0);
  }, true);
})();
