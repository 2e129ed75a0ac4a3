/* The cashier's counter: sums while she types, an amount spread over the oldest lines, the change. The server works all
   of it out again; without this file the page does the same in one more round. Whole cents only. */
(function () {
  "use strict";
  var doc = document;

  function cents(text) {
    var plain = String(text || "").replace(/[０-９]/g, function (one) { return String.fromCharCode(one.charCodeAt(0) - 0xFEE0); });
    plain = plain.replace(/．/g, ".").replace(/[,，\s]/g, "");
    if (!/^\d+(\.\d{0,2})?$|^\.\d{1,2}$/.test(plain)) return 0;
    return Math.round(parseFloat(plain) * 100);
  }
  function plain(amount) { return Math.floor(amount / 100) + "." + String(amount % 100).padStart(2, "0"); }
  function shown(form, amount) {
    return form.dataset.sign + plain(amount).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  }
  function all(form, selector) { return Array.from(form.querySelectorAll(selector)); }
  function tick(row) { return row.querySelector("[name=tick]"); }
  function part(row) { return row.querySelector("[data-part]"); }
  function open(row) { return cents(row.querySelector("[data-open]").dataset.open); }
  function account(row) { return row.closest("[data-account]").dataset.account; }
  function rows(form) {
    return all(form, "[data-due]").sort(function (a, b) { return a.dataset.turn - b.dataset.turn; });
  }

  /* --- one amount over the oldest lines of the accounts that are ticked ------------------------------------ */

  function spread(form) {
    var amount = form.elements.amount, wanted = cents(amount.value), lines = rows(form);
    var marker = form.querySelector("[data-spread]");
    if (!wanted) { marker.value = ""; return; }
    if (!form.counterChosen) {
      form.counterChosen = lines.filter(function (row) { return tick(row).checked; }).map(account);
      if (!form.counterChosen.length && lines.length) form.counterChosen = [account(lines[0])];
    }
    var rest = wanted;
    lines.forEach(function (row) {
      if (form.counterChosen.indexOf(account(row)) < 0) return;
      var paid = Math.min(rest, open(row));
      rest -= paid;
      tick(row).checked = paid > 0;
      part(row).value = plain(paid || open(row));
    });
    marker.value = plain(wanted);
  }

  /* --- sums ------------------------------------------------------------------------------------------------ */

  function say(form) {
    var lines = 0, others = 0, main = form.querySelector("[name=main]:checked");
    rows(form).forEach(function (row) {
      var on = tick(row).checked;
      row.classList.toggle("is-ticked", on);
      if (on) lines += cents(part(row).value);
    });
    all(form, "[data-line]").forEach(function (line) { lines += cents(line.querySelector('[name$="-amount"]').value); });
    lines += cents(form.elements.prepay.value);
    var wanted = cents(form.elements.amount.value), total = Math.max(lines, wanted);
    form.querySelector("[data-total]").textContent = shown(form, total);
    var rest = form.querySelector("[data-rest]");
    rest.textContent = wanted > lines ? shown(form, wanted - lines) + " " + rest.dataset.says : "";
    main = main ? main.value : "cash";
    all(form, '[name^="by_"]').forEach(function (field) {
      if (field.name !== "by_" + main) others += cents(field.value);
    });
    var cash = main === "cash" ? total - others : cents(form.elements.by_cash.value);
    var given = cents(form.elements.given.value), change = form.querySelector("[data-change]");
    var box = form.querySelector("[data-given]");
    box.hidden = cash <= 0 && !given;
    change.classList.toggle("is-short", given > 0 && given < cash);
    change.textContent = !given || cash <= 0 ? "" : given < cash
      ? change.dataset.short + " " + shown(form, cash - given) : change.dataset.says + " " + shown(form, given - cash);
    all(form, "[data-account]").forEach(function (group) {
      var ticks = all(group, "[name=tick]"), head = group.querySelector("[data-tick-all]");
      var on = ticks.filter(function (one) { return one.checked; }).length;
      head.checked = on === ticks.length;
      head.indeterminate = on > 0 && on < ticks.length;
    });
  }
  /* A line changed by hand counts; an amount typed before does not any more. */
  function byHand(form) {
    if (!form.elements.amount.value) return;
    form.elements.amount.value = "";
    form.querySelector("[data-spread]").value = "";
    form.counterChosen = null;
  }

  doc.addEventListener("input", function (event) {
    var form = event.target.form;
    if (!form || !form.matches("[data-counter]")) return;
    if (event.target.name === "amount") spread(form);
    if (event.target.matches("[data-part]")) {
      byHand(form);
      tick(event.target.closest("[data-due]")).checked = cents(event.target.value) > 0;
    }
    say(form);
  });
  doc.addEventListener("change", function (event) {
    var form = event.target.form;
    if (!form || !form.matches("[data-counter]")) return;
    if (event.target.name === "tick") {
      byHand(form);
      var row = event.target.closest("[data-due]");
      if (event.target.checked && !cents(part(row).value)) part(row).value = plain(open(row));
    }
    if (event.target.matches("[data-tick-all]")) {
      byHand(form);
      all(event.target.closest("[data-account]"), "[name=tick]").forEach(function (one) { one.checked = event.target.checked; });
    }
    if (event.target.name && /-item$/.test(event.target.name)) {
      var line = event.target.closest("[data-line]"), prices = JSON.parse(event.target.closest("[data-prices]").dataset.prices || "{}");
      var amount = line.querySelector('[name$="-amount"]');
      if (prices[event.target.value]) amount.value = prices[event.target.value];
      else if (!event.target.value) amount.value = "";
    }
    say(form);
  });
  doc.addEventListener("focusin", function (event) {
    if (event.target.matches("[data-part]")) event.target.select();
  });
  /* Enter in a line goes on to the next one: nobody pays by a slip of the finger. */
  doc.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.isComposing) return;
    var form = event.target.form;
    if (!form || !form.matches("[data-counter]") || event.target.matches("button, textarea, summary")) return;
    event.preventDefault();
    var fields = all(form, "input:not([type=hidden]):not([tabindex='-1']), select, button[data-save]").filter(function (one) { return one.getClientRects().length; });
    var next = fields[fields.indexOf(event.target) + 1];
    if (next) next.focus();
  });
  function start() { doc.querySelectorAll("form[data-counter]").forEach(say); }
  if (doc.readyState === "loading") doc.addEventListener("DOMContentLoaded", start); else start();
  new MutationObserver(function (changes) {
    if (changes.some(function (one) { return one.addedNodes.length; })) {
      doc.querySelectorAll("form[data-counter]:not([data-begun])").forEach(function (form) { form.dataset.begun = ""; say(form); });
    }
  }).observe(doc.documentElement, { childList: true, subtree: true });
})();
