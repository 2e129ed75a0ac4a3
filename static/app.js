/* The desk in the browser. No build step, no inline handlers; early.js (theme, input-method guard) runs first.

   What pages may use:
   data-key="r" | "g h", data-key-label     a key that clicks this element, listed under "?"
   data-list > data-row, data-pick          J/K/X and ranges in tables
   form[data-guard]                         sent without losing what was typed; twice sent acts once
   form[data-draft=url]                     kept on the server every 5 s, per browser tab
   a[data-dialog]                           opens the page it links to in a dialog
   [data-confirm]                           asks first
   [data-print], [data-save]                Ctrl+P, Ctrl+Enter
   [data-attach=url], [data-signature], select[data-choose], [data-quick], [data-hint], canvas[data-chart]
*/
(function () {
  "use strict";

  var words = {};
  var doc = document;

  function $(selector, root) { return (root || doc).querySelector(selector); }
  function $$(selector, root) { return Array.from((root || doc).querySelectorAll(selector)); }
  function say(name, value) { return String(words[name] || name).replace("%s", value === undefined ? "" : value); }
  function cookie(name) {
    var match = doc.cookie.match(new RegExp("(?:^|; )" + name + "=([^;]*)"));
    return match ? decodeURIComponent(match[1]) : "";
  }
  /* Signing in again in another tab renews the cookie's token, so the cookie is preferred to the page's. */
  function token() {
    var field = $("input[name=csrfmiddlewaretoken]");
    return cookie("csrftoken") || (field ? field.value : "");
  }
  function make(tag, attributes, text) {
    var element = doc.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) { element.setAttribute(name, attributes[name]); });
    if (text) element.textContent = text;
    return element;
  }
  function icon(name, extra) {
    var svg = doc.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon " + (extra || ""));
    svg.setAttribute("aria-hidden", "true");
    var use = doc.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", doc.body.dataset.icons + "#" + name);
    svg.append(use);
    return svg;
  }
  function clockTime() {
    return new Date().toLocaleTimeString(words.locale || [], { hour: "2-digit", minute: "2-digit" });
  }
  var loading = {};
  function script(src) {
    loading[src] = loading[src] || new Promise(function (resolve, reject) {
      var tag = make("script", { src: src });
      tag.onload = resolve;
      tag.onerror = function () { delete loading[src]; tag.remove(); reject(new Error(src)); };
      doc.head.append(tag);
    });
    return loading[src];
  }
  function style(href) {
    if ($('link[href="' + href + '"]')) return;
    doc.head.insertBefore(make("link", { rel: "stylesheet", href: href }), $('link[href*="app."]'));
  }

  /* --- messages ------------------------------------------------------------------------------------------ */

  function toast(text, tone) {
    var box = make("div", { "class": "desk-toast desk-toast-" + (tone || "info"), "data-toast": "" });
    box.append(icon(tone === "error" ? "alert-circle" : tone === "success" ? "circle-check" : "info-circle"));
    box.append(make("span", { "class": "desk-toast-text" }, text));
    var close = make("button", { type: "button", "class": "btn btn-icon btn-ghost btn-sm", "data-toast-close": "", "aria-label": say("close") });
    close.append(icon("x"));
    box.append(close);
    $("#messages").append(box);
    startToast(box);
    return box;
  }
  function startToast(box) {
    if (box.deskStarted) return;
    box.deskStarted = true;
    var undo = $("[data-undo]", box);
    if (!undo && box.matches(".desk-toast-error, .desk-toast-warning")) return; // stays until it is closed
    var left = undo ? 10 : 7;
    var held = false;
    ["pointerenter", "focusin"].forEach(function (name) { box.addEventListener(name, function () { held = true; }); });
    ["pointerleave", "focusout"].forEach(function (name) { box.addEventListener(name, function () { held = false; }); });
    var label = undo && $("[data-undo-button] span", undo);
    var timer = setInterval(function () {
      if (!box.isConnected) return clearInterval(timer);
      left -= 1;
      if (label && left > 0) label.textContent = say("undoIn", left);
      if (left <= 0 && undo) { undo.remove(); undo = label = null; left = 3; }
      else if (left <= 0 && !held) { clearInterval(timer); box.remove(); }
    }, 1000);
  }

  function lost(text, how, again, signIn) {
    var bar = $("#connection");
    /* Something in the background may fail after a save did: the way to save again stays. */
    if (!bar.hidden) again = again || bar.deskAgain;
    bar.deskAgain = again;
    bar.replaceChildren(icon(signIn ? "lock" : "wifi-off"), make("strong", {}, text), make("span", {}, how));
    if (signIn) {
      var link = make("a", { "class": "btn btn-sm", href: doc.body.dataset.login, target: "_blank", rel: "noopener" }, say("signIn"));
      bar.append(link);
    }
    if (again) {
      var button = make("button", { type: "button", "class": "btn btn-sm btn-primary" }, say("tryAgain"));
      button.addEventListener("click", function () { bar.hidden = true; again(); });
      bar.append(button);
    }
    bar.hidden = false;
  }
  function noConnection(again) { lost(say("lost"), say("lostHow"), again); }
  function signedOut(again) { lost(say("signedOut"), say("signedOutHow"), again, true); }
  function isLogin(url) {
    var login = new URL(doc.body.dataset.login || "/", location.href).pathname;
    return login !== "/" && new URL(url, location.href).pathname === login && location.pathname !== login;
  }
  window.addEventListener("online", function () {
    var bar = $("#connection");
    if (bar && !bar.hidden && !$("button, a", bar)) { bar.hidden = true; toast(say("back"), "success"); }
    $$("[data-attach]").forEach(function (box) { if (box.deskRetry) box.deskRetry(); });
  });

  /* --- forms --------------------------------------------------------------------------------------------- */

  function fill(html, url, push) {
    /* Show the page a form led to, as the browser would, without having thrown the form away before it came. */
    var page = new DOMParser().parseFromString(html, "text/html");
    if (!page.body || !$("main", page)) { location.href = url; return; }
    if (push && url !== location.href) {
      history.replaceState({ desk: true }, "");
      history.pushState({ desk: true }, "", url);
    }
    doc.title = page.title;
    doc.body.replaceWith(doc.adoptNode(page.body));
    if (window.htmx) window.htmx.process(doc.body);
    start(doc.body);
    window.scrollTo(0, 0);
    var first = $("[data-focus]") || $("main");
    if (first) first.focus({ preventScroll: first.tagName === "MAIN" });
  }
  window.addEventListener("popstate", function (event) { if (event.state && event.state.desk) location.reload(); });

  function busy(form, on) {
    form.deskBusy = on;
    $$("button:not([type=button])", form).concat(form.id ? $$('button[form="' + form.id + '"]') : []).forEach(function (button) {
      if (on) button.setAttribute("aria-busy", "true"); else button.removeAttribute("aria-busy");
    });
  }

  function send(form, submitter) {
    var data = new FormData(form, submitter);
    var url = (submitter && submitter.getAttribute("formaction")) || form.getAttribute("action") || location.href;
    data.set("csrfmiddlewaretoken", token());
    busy(form, true);
    var again = function () { form.requestSubmit(submitter && submitter.isConnected ? submitter : undefined); };
    fetch(url, { method: "POST", body: form.enctype === "multipart/form-data" ? data : new URLSearchParams(data), credentials: "same-origin", headers: { "X-CSRFToken": token(), Accept: "text/html" } })
      .then(function (answer) {
        if (answer.status === 401 || isLogin(answer.url)) return signedOut(again);
        if (answer.status >= 500) return lost(say("failed"), "", again);
        var kind = answer.headers.get("Content-Type") || "";
        if (kind.indexOf("text/html") < 0) { form.deskClean = true; location.href = answer.url; return; }
        return answer.text().then(function (html) {
          var inDialog = form.closest("#dialog");
          if (answer.status >= 400 && answer.status !== 422 && answer.status !== 409) { // the form stays where it is
            var said = $("main", new DOMParser().parseFromString(html, "text/html"));
            var heading = said && $("h1", said), how = said && $("h1 ~ p", said);
            return lost(heading ? heading.textContent.trim() : say("failed"), how ? how.textContent.trim() : "", again);
          }
          if (inDialog && !answer.redirected && answer.status >= 400) return fillDialog(html, url);
          form.deskClean = true;
          if (inDialog) $("#dialog").close();
          fill(html, answer.url, answer.redirected);
        });
      })
      .catch(function () { noConnection(again); })
      .finally(function () { busy(form, false); });
  }

  doc.addEventListener("submit", function (event) {
    var form = event.target, submitter = event.submitter;
    if (form.method !== "post") return;
    var asks = (submitter && submitter.dataset.confirm) || form.dataset.confirm;
    if (asks && !form.deskConfirmed) {
      event.preventDefault();
      event.stopImmediatePropagation();
      ask(asks, submitter).then(function (yes) {
        if (!yes) return;
        form.deskConfirmed = true;
        form.requestSubmit(submitter);
        form.deskConfirmed = false;
      });
      return;
    }
    if (form.deskBusy) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    if (!$("input[name=csrfmiddlewaretoken]", form) && new URL(form.action, location.href).origin === location.origin) {
      form.append(make("input", { type: "hidden", name: "csrfmiddlewaretoken", value: token() }));
    }
    var waiting = $$("[data-attach]", form).filter(function (box) { return box.deskPending; });
    if (waiting.length) {
      event.preventDefault();
      waiting[0].deskThen = function () { form.requestSubmit(submitter); };
      return;
    }
    if (form.matches("[data-guard], [data-undo]")) {
      event.preventDefault();
      send(form, submitter);
    } else if (!form.matches("[data-no-guard]") && !form.hasAttribute("hx-post")) {
      busy(form, true);
      form.deskClean = true;
      setTimeout(function () { busy(form, false); }, 15000);
    }
  }, true);
  window.addEventListener("pageshow", function () { $$("form").forEach(function (form) { busy(form, false); }); });

  doc.addEventListener("input", function (event) {
    var form = event.target.form;
    if (form && form.matches("[data-guard]")) form.deskDirty = true;
  });
  window.addEventListener("beforeunload", function (event) {
    var unsaved = $$("form[data-guard]").some(function (form) {
      return form.deskDirty && !form.deskClean && !form.deskDrafted && form.dataset.unsaved !== "off";
    });
    if (unsaved) event.preventDefault();
  });

  /* --- drafts: one per browser tab ----------------------------------------------------------------------- */

  function tabId() {
    var id = sessionStorage.getItem("desk-tab");
    if (!id) { id = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2); sessionStorage.setItem("desk-tab", id); }
    return id;
  }
  function fillForm(form, fields) {
    Object.keys(fields).forEach(function (name) {
      var values = fields[name].slice(), box = $('[data-attach][data-name="' + CSS.escape(name) + '"]', form);
      if (box) {
        values.forEach(function (id) {
          var item = make("li", { "class": "attach-item attach-kept" });
          item.append(make("input", { type: "hidden", name: name, value: id }), icon("check"), say("uploaded", "#" + id));
          $(".attach-list", box).append(item);
        });
        return;
      }
      $$('[name="' + CSS.escape(name) + '"]', form).forEach(function (field) {
        if (field.type === "radio" || field.type === "checkbox") field.checked = fields[name].indexOf(field.value) > -1;
        else if (field.tomselect) {
          values.forEach(function (value) { field.tomselect.addOption({ value: value, text: value }); });
          field.tomselect.setValue(field.multiple ? values : values[0] || "");
        } else if (field.multiple) Array.from(field.options).forEach(function (option) { option.selected = values.indexOf(option.value) > -1; });
        else field.value = values.length ? values.shift() : "";
      });
    });
    form.dispatchEvent(new Event("input", { bubbles: true }));
    form.deskDirty = true;
  }
  // What this tab kept before the browser or the sign-in went away is offered, never put in unasked.
  function offerDraft(form, status) {
    if (!status) return;
    var url = form.dataset.draft + "?tab=" + encodeURIComponent(tabId());
    fetch(url, { credentials: "same-origin", redirect: "manual", headers: { Accept: "application/json" } }).then(function (answer) {
      return answer.ok ? answer.json() : null;
    }).then(function (kept) {
      if (!kept || !kept.saved_at || form.deskDirty || !form.isConnected) return;
      var take = make("button", { type: "button", "class": "btn btn-sm", "data-draft-take": "" }, say("draftTake", kept.saved_at));
      var drop = make("button", { type: "button", "class": "btn btn-sm", "data-draft-drop": "" }, say("draftDrop"));
      take.addEventListener("click", function () { status.replaceChildren(); fillForm(form, kept.fields); });
      drop.addEventListener("click", function () {
        status.replaceChildren();
        fetch(url, { method: "DELETE", credentials: "same-origin", headers: { "X-CSRFToken": token() } });
      });
      status.replaceChildren(take, drop);
    }).catch(function () { /* no connection: nothing to offer */ });
  }
  function startDraft(form) {
    var status = $("[data-draft-status]", form);
    var field = $("input[name=draft_tab]", form) || make("input", { type: "hidden", name: "draft_tab" });
    field.value = tabId();
    form.append(field);
    function text() {
      var data = new FormData(form);
      ["csrfmiddlewaretoken", "form_key", "draft_tab"].forEach(function (name) { data.delete(name); });
      Array.from(data.keys()).forEach(function (name) { if (data.get(name) instanceof File) data.delete(name); });
      return new URLSearchParams(data).toString();
    }
    offerDraft(form, status);
    var saved = text();
    var timer = setInterval(function () {
      if (!form.isConnected) return clearInterval(timer);
      var now = text();
      if (now === saved || form.deskBusy || !form.deskDirty) return;
      fetch(form.dataset.draft, {
        method: "POST", credentials: "same-origin", redirect: "manual",
        headers: { "Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": token() },
        body: now + "&tab=" + encodeURIComponent(tabId()) + "&page=" + encodeURIComponent(location.pathname + location.search)
      }).then(function (answer) {
        if (answer.type === "opaqueredirect" || answer.status === 401) return signedOut();
        if (!answer.ok) throw new Error(answer.status);
        saved = now;
        form.deskDrafted = true;
        if (status) status.textContent = say("draftSaved", clockTime());
      }).catch(function () {
        form.deskDrafted = false;
        if (status) status.textContent = say("draftWaiting");
      });
    }, 5000);
  }
  doc.addEventListener("input", function (event) { if (event.target.form) event.target.form.deskDrafted = false; });

  /* --- dialogs ------------------------------------------------------------------------------------------- */

  function ask(text, submitter) {
    return new Promise(function (resolve) {
      var box = make("dialog", { "class": "desk-dialog", "aria-labelledby": "ask-text" });
      var body = make("form", { method: "dialog", "class": "dialog-form" });
      body.append(make("p", { id: "ask-text" }, text));
      var row = make("div", { "class": "dialog-actions" });
      row.append(make("button", { "class": "btn", value: "no" }, say("cancel")));
      var label = submitter ? submitter.textContent.trim() : say("confirm");
      row.append(make("button", { "class": "btn btn-primary", value: "yes", autofocus: "" }, label || say("confirm")));
      body.append(row);
      box.append(body);
      doc.body.append(box);
      box.addEventListener("close", function () { box.remove(); resolve(box.returnValue === "yes"); });
      box.showModal();
    });
  }
  function fillDialog(html, url) {
    var page = new DOMParser().parseFromString(html, "text/html");
    var source = $("[data-dialog-content]", page) || $("main", page);
    var box = $("#dialog");
    if (!source) { location.href = url; return; }
    var body = make("div", { "class": "dialog-body" });
    var heading = $("h1", source);
    var title = make("h2", { id: "dialog-title", "class": "dialog-title" }, heading ? heading.textContent.trim() : page.title);
    var head = $(".page-head", source);
    if (head) head.remove();
    body.append(title);
    Array.from(source.childNodes).forEach(function (node) { body.append(doc.adoptNode(node)); });
    $$("form", body).forEach(function (form) { if (!form.getAttribute("action")) form.setAttribute("action", url); });
    $$(".form-actions a", body).forEach(function (link) { link.setAttribute("data-dialog-close", ""); });
    box.replaceChildren(body);
    if (window.htmx) window.htmx.process(box);
    start(box);
    if (!box.open) box.showModal();
    var first = $("[data-focus]", box) || $("[autofocus], input:not([type=hidden]), select, textarea", box);
    if (first) first.focus();
  }
  doc.addEventListener("click", function (event) {
    var link = event.target.closest("a[data-dialog]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
      event.preventDefault();
      fetch(link.href, { credentials: "same-origin" }).then(function (answer) {
        if (isLogin(answer.url)) return signedOut();
        return answer.text().then(function (html) { fillDialog(html, link.href); });
      }).catch(function () { noConnection(); });
      return;
    }
    var opener = event.target.closest("[data-opens]");
    if (opener) { var target = doc.getElementById(opener.dataset.opens); if (target) target.showModal(); return; }
    var closer = event.target.closest("[data-dialog-close]");
    if (closer && closer.closest("dialog")) { event.preventDefault(); closer.closest("dialog").close(); return; }
    var toastClose = event.target.closest("[data-toast-close]");
    if (toastClose) { toastClose.closest("[data-toast]").remove(); return; }
    if (event.target.closest("[data-keys-help]")) keysHelp();
    if (event.target.closest("[data-nav-open]")) nav(true);
    if (event.target.closest("[data-nav-close]")) nav(false);
    var refused = event.target.closest("[aria-disabled=true]");
    if (refused && refused.matches("button, a")) event.preventDefault();
    var account = event.target.closest("[data-fill-login]");
    if (account) {
      var box = $("input[name=login]");
      box.value = account.dataset.fillLogin;
      ($("input[name=password]") || box).focus();
    }
  });
  function nav(open) {
    var menu = $("#nav");
    if (!menu) return;
    menu.classList.toggle("is-open", open);
    $(".desk-nav-shade").hidden = !open;
    $("[data-nav-open]").setAttribute("aria-expanded", String(open));
    ((open ? $("a, button", menu) : $("[data-nav-open]")) || menu).focus();
  }

  /* --- keys ---------------------------------------------------------------------------------------------- */

  function editable(element) {
    return element.closest("input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit]), textarea, select, [contenteditable=true], .ts-control");
  }
  function visible(element) { return !element.closest("[hidden]") && element.getClientRects().length > 0; }
  function keyed(key) {
    var box = $("dialog[open]");
    return $$('[data-key="' + CSS.escape(key) + '"]', box || doc).find(function (element) { return box || visible(element) || element.closest(".desk-nav"); });
  }
  function singleKeys() { return doc.body.dataset.singleKeys !== "off"; }

  function keysHelp() {
    var box = $("#dialog");
    var body = make("div", { "class": "dialog-body" });
    body.append(make("h2", { id: "dialog-title", "class": "dialog-title" }, say("keys")));
    if (!singleKeys()) body.append(make("p", { "class": "dialog-text" }, say("keysOff")));
    var list = make("dl", { "class": "keys-list" });
    function line(keys, label) {
      var term = make("dt");
      var span = make("span", { "class": "keys" });
      keys.split(" ").forEach(function (key) { span.append(make("kbd", {}, key.length === 1 ? key.toUpperCase() : key)); });
      term.append(span);
      list.append(term, make("dd", {}, label));
    }
    var seen = {};
    $$("[data-key]").forEach(function (element) {
      var key = element.dataset.key;
      if (seen[key] || !(visible(element) || element.closest(".desk-nav"))) return;
      seen[key] = true;
      line(key, element.dataset.keyLabel || element.textContent.trim());
    });
    if ($("#search-box")) line("/ F2", say("keySearch"));
    if ($("[data-list] [data-row]")) { line("J K", say("keyRow")); line("Enter", say("keyOpen")); }
    if ($("[data-list] [data-pick]")) line("X", say("keySelect"));
    if ($("form[data-guard], [data-save]")) line("Ctrl Enter", say("keySave"));
    if ($("[data-print]")) line("Ctrl P", say("keyPrint"));
    line("U", say("keyUndo"));
    line("?", say("keyHelp"));
    body.append(list);
    var row = make("div", { "class": "dialog-actions" });
    row.append(make("button", { type: "button", "class": "btn", "data-dialog-close": "" }, say("close")));
    body.append(row);
    box.replaceChildren(body);
    if (!box.open) box.showModal();
  }

  var prefix = "", prefixTimer = 0;
  doc.addEventListener("keydown", function (event) {
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    var inField = editable(event.target);
    var ctrl = event.ctrlKey || event.metaKey;
    if (event.key === "F2" || (ctrl && event.key.toLowerCase() === "k")) return focusSearch(event);
    if (ctrl && event.key === "Enter") {
      var scope = $("dialog[open]") || doc;
      var form = event.target.form || event.target.closest("form") || ($("[data-save]", scope) || {}).form;
      if (!form || form.method !== "post") return;
      event.preventDefault();
      form.requestSubmit($("[data-save]", form) || undefined);
      return;
    }
    if (ctrl && event.key.toLowerCase() === "p") {
      var print = $("[data-print]");
      if (print) { event.preventDefault(); print.click(); }
      return;
    }
    if (event.key === "Escape") {
      hideHint();
      if ($("#nav.is-open")) nav(false);
      if (event.target.closest(".desk-search")) closeSearch(true);
      return;
    }
    if (event.target.closest(".desk-search, .search-list") && (event.key === "ArrowDown" || event.key === "ArrowUp")) return moveHit(event);
    if (inField || ctrl || event.altKey || !singleKeys()) return;
    if (event.key === "/") return focusSearch(event);
    if (event.key === "?") { event.preventDefault(); return keysHelp(); }
    var key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (prefix) {
      var both = keyed(prefix + " " + key);
      prefix = "";
      if (both) { event.preventDefault(); both.click(); return; }
    }
    if ($$('[data-key^="' + CSS.escape(key) + ' "]').length) {
      prefix = key;
      clearTimeout(prefixTimer);
      prefixTimer = setTimeout(function () { prefix = ""; }, 1500);
      return;
    }
    if (event.target.closest("[role=menu], .dropdown-menu")) return;
    var target = keyed(key);
    if (target) { event.preventDefault(); target.click(); return; }
    if ($("dialog[open]")) return;
    if (key === "u") {
      var undo = $$("[data-undo-button]").pop();
      if (undo) { event.preventDefault(); undo.click(); }
    } else if (key === "j" || key === "k") moveRow(event, key === "j" ? 1 : -1);
    else if (key === "x") pickHere(event);
  });

  /* --- search -------------------------------------------------------------------------------------------- */

  function focusSearch(event) {
    var box = $("#search-box");
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  }
  function closeSearch(stay) {
    var panel = $("#search-results");
    if (panel) panel.hidden = true;
    if (stay && $("#search-box")) $("#search-box").focus();
  }
  function moveHit(event) {
    /* Suggestions under the box; without any, the hits of the page itself. */
    var hits = $$("#search-results a[href]"), panel = hits.length && !event.target.closest(".search-list");
    if (!panel) hits = $$("main .search-list a[href]");
    if (!hits.length) return;
    event.preventDefault();
    if (panel) $("#search-results").hidden = false;
    var here = hits.indexOf(doc.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    (here < 0 ? $("#search-box") : hits[Math.min(here, hits.length - 1)]).focus();
  }
  doc.addEventListener("focusin", function (event) {
    if (!event.target.closest(".desk-search")) closeSearch(false);
    else if (event.target.id === "search-box" && $("#search-results").childElementCount) $("#search-results").hidden = false;
  });
  doc.addEventListener("pointerdown", function (event) { if (!event.target.closest(".desk-search")) closeSearch(false); });

  /* --- rows of a list ------------------------------------------------------------------------------------ */

  var lastPick = null;
  function rows() { return $$("[data-list] [data-row]"); }
  function here() { return $("[data-row].is-here"); }
  function moveRow(event, step) {
    var all = rows();
    if (!all.length) return;
    event.preventDefault();
    var now = all.indexOf(here() || doc.activeElement.closest("[data-row]"));
    var next = all[Math.max(0, Math.min(all.length - 1, now + step))];
    all.forEach(function (row) { row.classList.remove("is-here"); });
    next.classList.add("is-here");
    var link = $(".row-link, a, button", next);
    if (link) link.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }
  function pickHere(event) {
    var row = here() || doc.activeElement.closest("[data-row]");
    var box = row && $("[data-pick]", row);
    if (!box) return;
    event.preventDefault();
    if (event.shiftKey && lastPick) return pickRange(box, true);
    box.checked = !box.checked;
    lastPick = box;
    countPicks();
  }
  function pickRange(box, on) {
    var all = $$("[data-pick]");
    var from = all.indexOf(lastPick), to = all.indexOf(box);
    if (from < 0) from = to;
    all.slice(Math.min(from, to), Math.max(from, to) + 1).forEach(function (one) { one.checked = on; });
    lastPick = box;
    countPicks();
  }
  doc.addEventListener("click", function (event) {
    var box = event.target;
    if (!box.matches("[data-pick]")) return;
    if (event.shiftKey && lastPick && lastPick !== box) pickRange(box, box.checked);
    else lastPick = box;
    countPicks();
  });
  doc.addEventListener("change", function (event) {
    if (event.target.matches("[data-pick-all]")) {
      $$("[data-pick]").forEach(function (box) { box.checked = event.target.checked; });
      countPicks();
    }
  });
  function countPicks() {
    var all = $$("[data-pick]"), picked = all.filter(function (box) { return box.checked; });
    all.forEach(function (box) { var row = box.closest("[data-row]"); if (row) row.classList.toggle("is-picked", box.checked); });
    var bar = $("[data-bulk]");
    if (bar) { bar.hidden = !picked.length; $("[data-bulk-count]", bar).textContent = say("selected", picked.length); }
    var head = $("[data-pick-all]");
    if (head) { head.checked = picked.length > 0 && picked.length === all.length; head.indeterminate = picked.length > 0 && picked.length < all.length; }
  }

  /* --- hints: the rule behind a clock, on hover and on focus --------------------------------------------- */

  var hintOf = null;
  function showHint(element) {
    var bubble = $("#hint");
    if (!bubble || !bubble.showPopover) return;
    hintOf = element;
    bubble.textContent = element.dataset.hint;
    bubble.showPopover();
    var at = element.getBoundingClientRect(), size = bubble.getBoundingClientRect();
    var top = at.bottom + 6 + size.height > innerHeight ? at.top - size.height - 6 : at.bottom + 6;
    bubble.style.top = Math.max(4, top) + "px";
    bubble.style.left = Math.max(8, Math.min(at.left, innerWidth - size.width - 8)) + "px";
  }
  function hideHint() {
    var bubble = $("#hint");
    hintOf = null;
    if (bubble && bubble.matches(":popover-open")) bubble.hidePopover();
  }
  doc.addEventListener("pointerover", function (event) {
    var element = event.target.closest && event.target.closest("[data-hint]");
    if (element) { if (element !== hintOf) showHint(element); }
    else if (hintOf && !event.target.closest("#hint") && doc.activeElement !== hintOf) hideHint();
  });
  doc.addEventListener("focusin", function (event) {
    var element = event.target.closest("[data-hint]");
    if (element && element.matches(":focus-visible, :focus-within")) showHint(element); else hideHint();
  });
  doc.addEventListener("scroll", hideHint, true);

  /* --- choosing from a list by typing -------------------------------------------------------------------- */

  function startChoose(select) {
    if (select.tomselect) return;
    style(doc.body.dataset.chooseCss);
    script(doc.body.dataset.chooseSrc).then(function () {
      if (select.tomselect || !select.isConnected) return;
      var url = select.dataset.searchUrl;
      var settings = {
        plugins: select.multiple ? ["remove_button"] : select.required ? [] : ["clear_button"],
        maxOptions: 200,
        searchField: ["text", "search", "hint"],
        sortField: [{ field: "$score" }, { field: "$order" }],
        hideSelected: select.multiple,
        selectOnTab: true,
        refreshThrottle: 0, // whoever types a code and presses Enter at once means the code, not the first option
        render: {
          option: function (item, escape) { return "<div>" + escape(item.text) + (item.hint ? " <small>" + escape(item.hint) + "</small>" : "") + "</div>"; },
          item: function (item, escape) { return "<div>" + escape(item.text) + "</div>"; },
          no_results: function () { return '<div class="no-results">' + say("noResults") + "</div>"; },
          loading: function () { return '<div class="no-results">' + say("loading") + "</div>"; }
        }
      };
      if (url) {
        settings.shouldLoad = function (query) { return query.length > 0; };
        settings.load = function (query, done) {
          fetch(url + (url.indexOf("?") < 0 ? "?" : "&") + "q=" + encodeURIComponent(query), { credentials: "same-origin", headers: { Accept: "application/json" } })
            .then(function (answer) { return answer.json(); })
            .then(function (found) { this.clearOptions(); done(found.results || found); }.bind(this))
            .catch(function () { done(); });
        };
        settings.score = function () { return function () { return 1; }; }; // the server has already chosen
      }
      var control = new window.TomSelect(select, settings);
      select.setAttribute("aria-hidden", "true"); // the typed box stands for it
      if (select.getAttribute("aria-describedby")) control.control_input.setAttribute("aria-describedby", select.getAttribute("aria-describedby"));
      if (select.getAttribute("aria-label")) control.control_input.setAttribute("aria-label", select.getAttribute("aria-label"));
      if (select.autofocus) control.focus();
    }).catch(function () { /* the plain select still works */ });
  }

  /* --- quick days ---------------------------------------------------------------------------------------- */

  function localDay(offset, withTime) {
    /* By the estate's clock, wherever the browser stands; "sv" writes 2026-03-12 10:05. */
    var zone = doc.body.dataset.zone || undefined;
    var text = new Date().toLocaleString("sv", { timeZone: zone, hour12: false });
    var day = new Date(text.slice(0, 10) + "T00:00Z");
    day.setUTCDate(day.getUTCDate() + offset);
    var date = day.toISOString().slice(0, 10);
    return withTime ? date + "T" + text.slice(11, 16) : date;
  }
  function startQuick(input) {
    if (input.deskQuick || !input.dataset.quick || input.disabled) return;
    input.deskQuick = true;
    var row = make("span", { "class": "quick" });
    input.dataset.quick.split(" ").forEach(function (name) {
      var offset = name === "today" || name === "now" ? 0 : name === "tomorrow" ? 1 : parseInt(name, 10);
      var label = name === "now" ? new Date().toLocaleTimeString(words.locale, { hour: "2-digit", minute: "2-digit", timeZone: doc.body.dataset.zone || undefined }) : say(name);
      if (!isNaN(parseInt(name, 10))) label = name;
      var button = make("button", { type: "button", "class": "btn btn-sm" }, label);
      button.addEventListener("click", function () {
        input.value = localDay(offset, input.type === "datetime-local");
        input.dispatchEvent(new Event("input", { bubbles: true }));
        input.dispatchEvent(new Event("change", { bubbles: true }));
        input.focus();
      });
      row.append(button);
    });
    (input.closest(".window-input") || input).after(row);
  }

  /* --- photos and files ---------------------------------------------------------------------------------- */

  function shrink(file) {
    /* At most 1600 px and JPEG: a phone's 12 megapixels do not help a repair and do not pass a weak signal. */
    if (!/^image\/(jpeg|png|webp|heic|heif)$/.test(file.type) || !window.createImageBitmap) return Promise.resolve(file);
    return createImageBitmap(file, { imageOrientation: "from-image" }).then(function (image) {
      var scale = Math.min(1, 1600 / Math.max(image.width, image.height));
      if (scale === 1 && file.size < 700000) return file;
      var canvas = make("canvas");
      canvas.width = Math.round(image.width * scale);
      canvas.height = Math.round(image.height * scale);
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      return new Promise(function (resolve) {
        canvas.toBlob(function (blob) {
          resolve(blob && blob.size < file.size ? new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" }) : file);
        }, "image/jpeg", 0.82);
      });
    }).catch(function () { return file; });
  }
  function startAttach(box) {
    if (box.deskAttach) return;
    box.deskAttach = true;
    box.deskPending = 0;
    var list = $(".attach-list", box), drop = $(".attach-drop", box), stuck = [];
    function add(file) {
      var item = make("li", { "class": "attach-item" });
      if (/^image\//.test(file.type)) {
        var picture = make("img", { alt: "", src: URL.createObjectURL(file) });
        picture.onload = function () { URL.revokeObjectURL(picture.src); };
        item.append(picture);
      } else item.append(icon("file-text"));
      var text = make("span", { "class": "attach-text" }, say("uploading", file.name));
      var bar = make("progress", { max: "100", value: "0", "aria-label": file.name });
      var remove = make("button", { type: "button", "class": "btn btn-icon btn-ghost btn-sm", "aria-label": say("remove") + " " + file.name });
      remove.append(icon("trash"));
      var gone = false, request = null, pending = true;
      var key = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2) + Date.now();
      remove.addEventListener("click", function () { gone = true; if (request) request.abort(); item.remove(); settle(); $("input[type=file]", box).focus(); });
      item.append(text, bar, remove);
      list.append(item);
      box.deskPending += 1;
      function settle() {
        if (!pending) return;
        pending = false;
        box.deskPending -= 1;
        if (!box.deskPending && box.deskThen) { var then = box.deskThen; box.deskThen = null; then(); }
      }
      function failed() {
        item.classList.add("is-failed");
        text.textContent = say("uploadFailed");
        stuck.push(go);
      }
      function go() {
        if (gone) return;
        item.classList.remove("is-failed");
        text.textContent = say("uploading", file.name);
        shrink(file).then(function (small) {
          if (gone) return;
          var data = new FormData();
          data.append("file", small, small.name);
          data.append("upload_key", key); // sent again after a lost answer, it must not become a second file
          request = new XMLHttpRequest();
          request.open("POST", box.dataset.attach);
          request.setRequestHeader("X-CSRFToken", token());
          request.setRequestHeader("Accept", "application/json");
          request.timeout = 120000;
          request.upload.onprogress = function (event) { if (event.lengthComputable) bar.value = Math.round(100 * event.loaded / event.total); };
          request.onerror = request.ontimeout = failed;
          request.onload = function () {
            var answer = {};
            try { answer = JSON.parse(request.responseText); } catch (_error) { answer = {}; }
            if (request.status >= 200 && request.status < 300 && answer.id) {
              item.append(make("input", { type: "hidden", name: box.dataset.name, value: answer.id }));
              text.textContent = say("uploaded", answer.name || file.name);
              bar.remove();
              if (box.closest("form")) box.closest("form").deskDirty = true;
              settle();
            } else if (request.status === 401 || isLogin(request.responseURL || "/")) {
              signedOut(function () { box.deskRetry(); });
              failed();
            } else if (request.status >= 500) failed();
            else {
              item.classList.add("is-failed");
              text.textContent = say("uploadRefused", answer.error || file.name);
              bar.remove();
              settle();
            }
          };
          request.send(data);
        });
      }
      go();
    }
    box.deskRetry = function () { stuck.splice(0).forEach(function (go) { go(); }); };
    var timer = setInterval(function () { if (!box.isConnected) clearInterval(timer); else if (navigator.onLine) box.deskRetry(); }, 10000);
    $$("input[type=file]", box).forEach(function (input) {
      input.addEventListener("change", function () { Array.from(input.files).forEach(add); input.value = ""; });
    });
    ["dragover", "dragleave", "drop"].forEach(function (name) {
      drop.addEventListener(name, function (event) {
        event.preventDefault();
        drop.classList.toggle("is-over", name === "dragover");
        if (name === "drop") Array.from(event.dataTransfer.files).forEach(add);
      });
    });
    box.deskAdd = add;
  }
  doc.addEventListener("paste", function (event) {
    var files = Array.from((event.clipboardData || {}).files || []);
    if (!files.length) return;
    var near = event.target.closest("form");
    var box = (near && $("[data-attach]", near)) || $("[data-attach]");
    if (box && box.deskAdd) { event.preventDefault(); files.forEach(box.deskAdd); }
  });

  /* --- signature ----------------------------------------------------------------------------------------- */

  function startSignature(box) {
    if (box.deskPad) return;
    box.deskPad = true;
    script(doc.body.dataset.signatureSrc).then(function () {
      var canvas = $("canvas", box), field = $("input[type=hidden]", box);
      var pad = new window.SignaturePad(canvas, { penColor: "#10254a" });
      function size() {
        var strokes = pad.toData(), ratio = Math.max(devicePixelRatio || 1, 1);
        canvas.width = canvas.offsetWidth * ratio;
        canvas.height = canvas.offsetHeight * ratio;
        canvas.getContext("2d").scale(ratio, ratio);
        pad.clear();
        if (strokes.length) pad.fromData(strokes);
        else if (field.value) pad.fromDataURL(field.value, { ratio: ratio, width: canvas.offsetWidth, height: canvas.offsetHeight });
      }
      size();
      window.addEventListener("resize", size);
      pad.addEventListener("endStroke", function () { field.value = pad.toDataURL("image/png"); field.dispatchEvent(new Event("input", { bubbles: true })); });
      var clear = $("[data-signature-clear]", box);
      if (clear) clear.addEventListener("click", function () { pad.clear(); field.value = ""; });
    });
  }

  /* --- charts: every bar is a link to its rows ----------------------------------------------------------- */

  var charts = [];
  function colour(name) { return getComputedStyle(doc.documentElement).getPropertyValue(name).trim(); }
  var CHART_TONES = { "": "--tblr-blue", busy: "--tblr-blue", "new": "--tblr-blue", later: "--tblr-blue", good: "--tblr-green", late: "--tblr-red", bad: "--tblr-red", today: "--tblr-orange", soon: "--tblr-yellow", quiet: "--desk-line-strong" };
  var CHART_ORDER = ["--tblr-blue", "--tblr-orange", "--tblr-green", "--tblr-yellow", "--tblr-red", "--tblr-secondary"];
  function drawChart(canvas) {
    var source = doc.getElementById(canvas.dataset.chart);
    if (!source) return;
    var data = JSON.parse(source.textContent);
    if (canvas.deskChart) canvas.deskChart.destroy();
    var text = colour("--desk-muted"), line = colour("--desk-line");
    var round = data.kind === "doughnut" || data.kind === "pie";
    var many = data.series.length > 1;
    window.Chart.defaults.font.family = getComputedStyle(doc.body).fontFamily;
    window.Chart.defaults.font.size = 12;
    function axis(values) {
      return { stacked: data.stacked, beginAtZero: true, border: { color: line }, grid: { color: values ? line : "transparent" }, ticks: { color: text, precision: 0, autoSkip: !!values } };
    }
    /* Every bar has its name beside it: many of them make the picture taller. */
    if (data.horizontal) canvas.parentNode.style.height = Math.max(240, data.labels.length * 22 + 80) + "px";
    canvas.deskChart = new window.Chart(canvas, {
      type: data.kind,
      data: {
        labels: round || data.horizontal ? data.labels : data.labels.map(lines),
        datasets: data.series.map(function (series, index) {
          var own = colour(series.tone || data.toned ? CHART_TONES[series.tone] || "--tblr-blue" : CHART_ORDER[index % CHART_ORDER.length]);
          return {
            label: series.name, data: series.values, borderRadius: data.kind === "bar" ? 3 : 0, maxBarThickness: 34,
            backgroundColor: round ? data.labels.map(function (_label, at) { return colour(CHART_ORDER[at % CHART_ORDER.length]); }) : own,
            borderColor: data.kind === "line" ? own : colour("--desk-surface"), borderWidth: data.kind === "line" ? 2 : round ? 2 : 0, tension: 0.25, pointRadius: 3, pointHitRadius: 12
          };
        })
      },
      options: {
        responsive: true, maintainAspectRatio: false, animation: false, indexAxis: data.horizontal ? "y" : "x",
        scales: round ? {} : { x: axis(data.horizontal), y: axis(!data.horizontal) },
        plugins: {
          legend: { display: many || round, position: "bottom", labels: { color: text, boxWidth: 12, boxHeight: 12 } },
          tooltip: { callbacks: { title: function (items) { return items.length ? data.labels[items[0].dataIndex] : ""; }, label: function (item) { return (many ? item.dataset.label + ": " : "") + item.formattedValue + (data.unit ? " " + data.unit : ""); } } }
        },
        onHover: function (event, hits) { event.native.target.style.cursor = hits.length && data.series[hits[0].datasetIndex].hrefs[hits[0].index] ? "pointer" : "default"; },
        onClick: function (_event, hits) {
          var href = hits.length && data.series[hits[0].datasetIndex].hrefs[hits[0].index];
          if (href) location.href = href;
        }
      }
    });
  }
  function lines(label) {
    /* A long label under a bar stands on several lines: turned round it would be cut off. */
    return String(label).split(" ").reduce(function (all, word) {
      var last = all.length - 1;
      if (last >= 0 && (all[last] + " " + word).length <= 12) all[last] += " " + word; else all.push(word);
      return all;
    }, []);
  }
  function startChart(canvas) {
    script(doc.body.dataset.chartSrc).then(function () { charts.push(canvas); drawChart(canvas); });
  }
  doc.documentElement.addEventListener("desk:theme", function () {
    charts = charts.filter(function (canvas) { return canvas.isConnected; });
    charts.forEach(drawChart);
  });

  /* --- theme without a reload; the choice is kept by the server ------------------------------------------ */

  doc.addEventListener("click", function (event) {
    var button = event.target.closest("[data-theme-form] button[name=theme]");
    if (!button) return;
    event.preventDefault();
    var form = button.form;
    window.deskTheme(button.value);
    $$("button[name=theme]", form).forEach(function (other) { other.classList.toggle("active", other === button); });
    var data = new URLSearchParams(new FormData(form));
    data.set("theme", button.value);
    data.set("csrfmiddlewaretoken", token());
    fetch(form.action, { method: "POST", body: data, credentials: "same-origin", redirect: "manual" }).catch(function () { noConnection(); });
  });

  /* --- htmx ---------------------------------------------------------------------------------------------- */

  doc.addEventListener("htmx:configRequest", function (event) { event.detail.headers["X-CSRFToken"] = token(); });
  doc.addEventListener("htmx:beforeSwap", function (event) {
    var request = event.detail.xhr;
    if (request.status === 401 || isLogin(request.responseURL || location.href)) {
      event.detail.shouldSwap = false;
      signedOut();
    }
  });
  doc.addEventListener("htmx:sendError", function (event) {
    var element = event.detail.elt;
    noConnection(function () { window.htmx.trigger(element, element.matches("form") ? "submit" : "change"); });
  });
  doc.addEventListener("htmx:responseError", function (event) {
    if (event.detail.xhr.status >= 500) lost(say("failed"), "");
  });
  doc.addEventListener("htmx:load", function (event) { start(event.detail.elt); });
  doc.addEventListener("htmx:afterSwap", function (event) {
    if (event.detail.target && event.detail.target.id === "search-results") {
      var panel = $("#search-results");
      panel.hidden = !panel.childElementCount || !$("#search-box").value;
    }
  });

  /* --- the machine that reminds: pages that stay open hear of its silence too ------------------------------ */

  setInterval(function () {
    var box = $("#silence"), url = box && box.dataset.pulse;
    if (!url || doc.hidden) return;
    fetch(url, { credentials: "same-origin", redirect: "manual" }).then(function (answer) {
      return answer.ok ? answer.json() : null;
    }).then(function (said) {
      if (!said) return;
      $("span", box).textContent = said.silence;
      box.hidden = !said.silence;
    }).catch(function () { /* no connection: saving says so */ });
  }, 60000);

  /* --- start --------------------------------------------------------------------------------------------- */

  function start(root) {
    var source = doc.getElementById("words");
    if (source) words = JSON.parse(source.textContent);
    function each(selector, job) {
      if (root.matches && root.matches(selector)) job(root);
      $$(selector, root).forEach(job);
    }
    each("[data-toast]", startToast);
    each("form[data-draft]", function (form) { if (!form.deskDraft) { form.deskDraft = true; startDraft(form); } });
    each("select[data-choose]", startChoose);
    each("input[data-quick]", startQuick);
    each("[data-attach]", startAttach);
    each("[data-signature]", startSignature);
    each("canvas[data-chart]", function (canvas) { if (!canvas.deskDrawn) { canvas.deskDrawn = true; startChart(canvas); } });
    countPicks();
    var here = $(".desk-nav-link.active", root), menu = here && here.closest(".desk-nav-scroll");
    if (menu && here.offsetTop + here.offsetHeight > menu.scrollTop + menu.offsetTop + menu.clientHeight) {
      menu.scrollTop = here.offsetTop - menu.offsetTop - menu.clientHeight / 2;
    }
    var bell = $("[data-bell]");
    if (bell) {
      var plain = doc.title.replace(/^\(\d+\) /, "");
      doc.title = Number(bell.dataset.bell) ? "(" + bell.dataset.bell + ") " + plain : plain;
    }
    var summary = $("[data-focus]", root);
    if (summary && root === doc.body) summary.focus();
  }
  window.desk = { toast: toast, dialog: fillDialog, lost: lost };
  start(doc.body);
})();
