/* The wallboard looks again by itself. What it shows is replaced in one go, without a reload; when nothing answers
   the old figures stay and say that they are old. */
(function () {
  "use strict";
  var body = document.body, every = Number(body.dataset.every) * 1000, patience = Number(body.dataset.stale) * 1000;
  var answered = Date.now(), asking = false;

  function age() { document.getElementById("stale").hidden = Date.now() - answered < patience; }

  function look() {
    if (asking) return;
    asking = true;
    var stop = new AbortController(), limit = setTimeout(function () { stop.abort(); }, 20000);
    fetch(location.href, { cache: "no-store", credentials: "omit", signal: stop.signal })
      .then(function (answer) { return answer.ok || answer.status === 404 ? answer.text() : Promise.reject(new Error("no answer")); })
      .then(function (text) {
        var page = new DOMParser().parseFromString(text, "text/html"), fresh = page.getElementById("wall");
        if (!fresh) return;
        answered = Date.now();
        if (page.querySelector("script[src]").getAttribute("src") !== document.querySelector("script[src]").getAttribute("src")) {
          location.reload(); /* the office has been upgraded */
          return;
        }
        document.getElementById("wall").replaceWith(document.adoptNode(fresh));
      })
      .catch(function () {})
      .finally(function () { clearTimeout(limit); asking = false; age(); });
  }

  setInterval(look, every);
  setInterval(age, 5000);
})();
