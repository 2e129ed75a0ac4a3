/* What the pages of the repairs add to app.js. Listeners sit on the document: forms may replace the page. */
(function () {
  "use strict";
  var doc = document;

  /* --- labour and parts ---------------------------------------------------------------------------------- */

  function number(text) { return parseFloat(String(text || "").replace(/,/g, "")); }
  function field(line, name) { return line.querySelector('[name$="-' + name + '"]'); }
  function sum(box) {
    var total = 0, any = false;
    if (!box.querySelector("[data-lines-sum]")) return;  // lines without prices: goods on a slip
    box.querySelectorAll(".lines-rows [data-line]").forEach(function (line) {
      var price = number(field(line, "price").value), quantity = number(field(line, "quantity").value || "1");
      if (!isNaN(price) && !isNaN(quantity)) { total += Math.round(price * quantity * 100); any = true; }
    });
    var shown = box.querySelector("[data-lines-sum]");
    if (shown) shown.textContent = any ? (total / 100).toFixed(2) : "–";
  }
  doc.addEventListener("change", function (event) {
    var select = event.target;
    if (!select.matches("[data-price-item]")) return;
    var line = select.closest("[data-line]"), option = select.selectedOptions[0];
    if (option && option.dataset.price !== undefined) {
      field(line, "text").value = option.dataset.text;
      field(line, "kind").value = option.dataset.kind;
      field(line, "price").value = option.dataset.price;
      if (!field(line, "quantity").value) field(line, "quantity").value = "1";
    }
    sum(line.closest("[data-lines]"));
  });
  doc.addEventListener("input", function (event) {
    var box = event.target.closest("[data-lines]");
    if (box) sum(box);
  });
  doc.addEventListener("click", function (event) {
    var button = event.target.closest("[data-add-line]");
    if (!button) return;
    var box = button.closest("[data-lines]"), total = box.querySelector('[name="' + box.dataset.lines + '-TOTAL_FORMS"]');
    var holder = doc.createElement("div");
    holder.innerHTML = box.querySelector("template").innerHTML.replace(/__prefix__/g, total.value);
    total.value = String(Number(total.value) + 1);
    var line = holder.firstElementChild;
    box.querySelector(".lines-rows").append(line);
    var first = line.querySelector("select, input");
    if (first) first.focus();
  });

  /* --- a key that leads into a field, a chooser included: data-to="id" ------------------------------------ */

  doc.addEventListener("click", function (event) {
    var button = event.target.closest("[data-to]"), target = button && doc.getElementById(button.dataset.to);
    if (target) (target.tomselect || target).focus();
  });

  /* --- a link that takes along what the list is filtered by: the filter changes without a new page --------- */

  doc.addEventListener("click", function (event) {
    var link = event.target.closest("a[data-with-query]");
    if (link) link.search = location.search;
  }, true);

  /* --- intake: who calls --------------------------------------------------------------------------------- */

  function fill(from, onlyEmpty) {
    var name = doc.getElementById("id_reporter_name") || doc.getElementById("id_name");
    var phone = doc.getElementById("id_reporter_phone") || doc.getElementById("id_phone");
    if (!name || (onlyEmpty && (name.value || phone.value))) return;
    name.value = from.dataset.name;
    phone.value = from.dataset.phone;
    [name, phone].forEach(function (one) { one.dispatchEvent(new Event("input", { bubbles: true })); });
  }
  doc.addEventListener("click", function (event) {
    var caller = event.target.closest("[data-fill-caller]");
    if (caller) { fill(caller, false); (doc.getElementById("id_problem") || doc.getElementById("id_course")).focus(); }
  });
  ["htmx:oobAfterSwap", "htmx:afterSettle"].forEach(function (name) {
    doc.addEventListener(name, function () {
      var now = doc.querySelector("[data-fill-now]");
      if (now) { fill(now, true); now.removeAttribute("data-fill-now"); }
    });
  });

  /* --- callbacks: an answer that needs words asks for them first ----------------------------------------- */

  doc.addEventListener("click", function (event) {
    var button = event.target.closest("button[data-needs]");
    if (!button) return;
    var wanted = doc.getElementById(button.dataset.needs);
    button.form.querySelectorAll("[data-save]").forEach(function (one) { one.removeAttribute("data-save"); });
    button.setAttribute("data-save", "");
    if (wanted && !wanted.value.trim()) {
      event.preventDefault();
      wanted.classList.add("is-invalid");
      wanted.focus();
    }
  });

  /* --- the sheet in the page: printing it marks it, so that the next one is a copy ------------------------ */

  function print(form) {
    if (form.deskPrinted && form.matches("[data-marked]")) { // from the second time on the sheet says that it is a copy
      form.deskPrinted = false;
      var sheet = doc.getElementById(form.dataset.printFrame);
      sheet.addEventListener("load", function () { print(form); }, { once: true });
      sheet.src = sheet.getAttribute("src");
      return;
    }
    form.deskPrinted = true;
    var frame = doc.getElementById(form.dataset.printFrame);
    fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), credentials: "same-origin", headers: { Accept: "application/json" }, keepalive: true }).catch(function () { /* printing matters more than its mark */ });
    try { frame.contentWindow.focus(); frame.contentWindow.print(); } catch (_error) { window.open(frame.src); }
    frame.blur(); // or the sheet keeps the keyboard, and no key of the page answers any more
    window.focus();
  }
  doc.addEventListener("submit", function (event) {
    if (!event.target.matches("form[data-print-frame]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    print(event.target);
  }, true);
  function printNow() {
    var frame = doc.querySelector("iframe[data-print-now]");
    if (!frame) return;
    frame.removeAttribute("data-print-now");
    frame.addEventListener("load", function () { print(doc.querySelector("form[data-print-frame]")); }, { once: true });
  }
  if (doc.readyState === "loading") doc.addEventListener("DOMContentLoaded", printNow); else printNow();
  new MutationObserver(printNow).observe(doc.documentElement, { childList: true });
})();
