/* The grid of an import: a proposed value goes into its cell, and the cursor on to the next wrong one. */
(function () {
  "use strict";
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-fills]");
    if (!button) return;
    var field = document.getElementById(button.dataset.fills);
    if (field.tagName === "SELECT" && !Array.from(field.options).some(function (one) { return one.value === button.dataset.value; })) {
      field.add(new Option(button.dataset.value, button.dataset.value));
    }
    field.value = button.dataset.value;
    field.classList.remove("is-invalid");
    var wrong = Array.from(document.querySelectorAll(".import-grid .is-invalid"));
    var next = wrong.find(function (one) { return field.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING; });
    (next || field).focus();
  });
})();
