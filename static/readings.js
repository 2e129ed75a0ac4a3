/* Readings: the round that works without a signal, the table one types down, the order one walks in. */
(function () {
  "use strict";
  var doc = document;

  /* --- the table: Enter goes to the next meter, Ctrl+Enter saves ------------------------------------------- */

  doc.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.ctrlKey || event.isComposing || !event.target.matches("[data-enter-down] input")) return;
    event.preventDefault();
    var fields = Array.from(event.target.form.querySelectorAll('input[name^="value-"]'));
    var next = fields[fields.indexOf(event.target) + 1];
    (next || event.target.form.querySelector("[data-save]")).focus();
    if (next) next.select();
  });

  /* --- the order -------------------------------------------------------------------------------------------- */

  function number(list) {
    Array.from(list.children).forEach(function (line, at) { line.querySelector(".order-place").value = at + 1; });
    list.dispatchEvent(new Event("input", { bubbles: true }));
  }
  doc.addEventListener("click", function (event) {
    var button = event.target.closest("[data-order-up], [data-order-down]");
    if (!button) return;
    var line = button.closest(".order-line"), up = button.hasAttribute("data-order-up");
    var beside = up ? line.previousElementSibling : line.nextElementSibling;
    if (!beside) return;
    if (up) beside.before(line); else beside.after(line);
    number(line.parentElement);
    button.focus();
  });
  var dragged = null;
  doc.addEventListener("dragstart", function (event) { dragged = event.target.closest && event.target.closest(".order-line"); });
  doc.addEventListener("dragover", function (event) {
    var line = dragged && event.target.closest(".order-line");
    if (!line || line === dragged || line.parentElement !== dragged.parentElement) return;
    event.preventDefault();
    var box = line.getBoundingClientRect();
    if (event.clientY < box.top + box.height / 2) line.before(dragged); else line.after(dragged);
  });
  doc.addEventListener("dragend", function () { if (dragged) number(dragged.parentElement); dragged = null; });

  /* --- the round: what is typed is kept on the telephone until the office has it ------------------------------ */

  var round = doc.getElementById("round");
  if (!round) return;
  var data = JSON.parse(doc.getElementById("round-data").textContent), form = round.querySelector("[data-round-form]");
  var kept = read(), at = null, sending = false, asked = null;

  function read() {
    try { return JSON.parse(localStorage.getItem(data.key)) || []; } catch (_) { return []; }
  }
  function write() {
    try { localStorage.setItem(data.key, JSON.stringify(kept)); } catch (_) { /* private mode: the page itself keeps them */ }
  }
  function words(name, value) { return round.dataset["words" + name].replace("%s", value); }
  function piece(name) { return round.querySelector("[data-round-" + name + "]"); }
  function plain(text) {
    return text.normalize("NFKC").replace(/[,\s]/g, "");
  }
  function waits(stop) { return kept.find(function (one) { return one.pk === stop.pk && !one.refused; }); }

  function show(stop) {
    at = stop; asked = null;
    form.hidden = !stop;
    piece("end").hidden = !!stop;
    warn("");
    if (!stop) { count(); return; }
    form.elements.meter.value = stop.pk;
    form.elements.value.value = "";
    form.elements.rolled_over.checked = false;
    [["where", stop.where], ["what", stop.what], ["place", stop.place], ["last", stop.last], ["last-on", stop.lastOn],
      ["usual", stop.usual ? words("Usual", stop.usual) : ""], ["unit", stop.unit]].forEach(function (pair) {
      piece(pair[0]).textContent = pair[1];
    });
    var problem = kept.find(function (one) { return one.pk === stop.pk && one.refused; });
    if (problem) { form.elements.value.value = problem.value; warn(problem.refused); }
    var skip = form.querySelector("details");
    if (skip) skip.open = false;
    count();
    form.elements.value.focus();
  }
  function count() {
    var done = data.stops.filter(function (stop) { return stop.done || (waits(stop) && !waits(stop).missed); }).length;
    piece("count").textContent = done + " / " + data.stops.length;
    piece("bar").value = done;
    var open = kept.filter(function (one) { return !one.refused; }).length, badge = piece("waiting");
    badge.hidden = !open;
    badge.textContent = open ? words("Waiting", open) : "";
    var held = data.stops.filter(function (stop) { return stop.held; }).length;
    piece("held").hidden = !held;
    piece("held").textContent = held ? words("Held", held) : "";
    data.stops.forEach(function (stop) {
      var one = kept.find(function (it) { return it.pk === stop.pk; }), link = round.querySelector('[data-round-at="' + stop.pk + '"] [data-round-state]');
      if (link && one) link.textContent = one.refused || (one.missed ? one.label : one.value + " · " + round.dataset.wordsTyped);
    });
  }
  function warn(text) {
    var box = piece("warning");
    box.textContent = text;
    box.hidden = !text;
  }
  function next() {
    var from = at ? data.stops.indexOf(at) : -1;
    var order = data.stops.slice(from + 1).concat(data.stops.slice(0, from + 1));
    return order.find(function (stop) { return !stop.done && !stop.missed && !waits(stop); }) || null;
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    var missed = event.submitter && event.submitter.name === "missed" ? event.submitter : null;
    var text = plain(form.elements.value.value), rolled = form.elements.rolled_over.checked;
    if (!missed) {
      if (!/^\d+(\.\d{1,3})?$/.test(text)) { warn(round.dataset.wordsEmpty); form.elements.value.focus(); return; }
      if (Number(text) >= Number(at.end)) { warn(round.dataset.wordsDigits); form.elements.value.focus(); return; }
      // Asked once; the second time it is meant, and the office decides.
      if (Number(text) < Number(at.last) && !rolled && asked !== text) { asked = text; warn(round.dataset.wordsBelow); form.elements.value.focus(); return; }
    }
    kept = kept.filter(function (one) { return one.pk !== at.pk; });
    kept.push({
      key: key(), pk: at.pk, value: missed ? "" : text, rolled: rolled && !missed,
      missed: missed ? missed.value : "", label: missed ? missed.textContent.trim() : ""
    });
    write();
    if (missed) at.missed = true;
    show(next());
    send();
  });
  function key() {
    var bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = bytes[6] & 15 | 64; bytes[8] = bytes[8] & 63 | 128;
    var hex = Array.from(bytes, function (one) { return one.toString(16).padStart(2, "0"); }).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }
  round.addEventListener("click", function (event) {
    var link = event.target.closest("[data-round-at]");
    if (!link) return;
    event.preventDefault();
    var stop = data.stops.find(function (one) { return String(one.pk) === link.dataset.roundAt; });
    if (!stop || stop.done || waits(stop)) return;
    link.closest("details").open = false;
    show(stop);
  });

  /* One after the other, each with its own key: an answer that was lost is asked for again and has no second effect. */
  function send() {
    var one = kept.find(function (it) { return !it.refused; });
    if (sending || !one) { count(); return; }
    sending = true;
    var body = new FormData();
    [["csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value], ["form_key", one.key], ["meter", one.pk], ["value", one.value],
      ["missed", one.missed], ["rolled_over", one.rolled ? "1" : ""]].forEach(function (pair) { body.set(pair[0], pair[1]); });
    fetch(form.action, { method: "POST", body: body, headers: { Accept: "application/json" }, redirect: "manual" }).then(function (answer) {
      if (answer.status !== 200 && answer.status !== 409) throw new Error(String(answer.status));
      return answer.json();
    }).then(function (said) {
      var stop = data.stops.find(function (it) { return it.pk === one.pk; });
      if (said.refused) one.refused = said.refused;
      else {
        kept = kept.filter(function (it) { return it.key !== one.key; });
        if (stop && !one.missed) { stop.done = true; stop.held = !!said.held; }
      }
      write();
      sending = false;
      if (said.refused && !at) show(stop); else count();
      send();
    }).catch(function () {
      sending = false;
      count();
    });
  }
  window.addEventListener("online", send);
  window.setInterval(send, 5000);
  // What was sent from another page, or read meanwhile, is not typed again.
  kept = kept.filter(function (one) {
    var stop = data.stops.find(function (it) { return it.pk === one.pk; });
    return stop && !stop.done;
  });
  write();
  kept.forEach(function (one) { if (one.missed) { var stop = data.stops.find(function (it) { return it.pk === one.pk; }); stop.missed = true; } });
  var first = data.stops.find(function (stop) { return stop.pk === data.at; });
  show(first && !first.done && !waits(first) ? first : next());
  send();
})();
