// Lets people see the password that they type. Without scripts there is no such button, and nothing else is missed.
"use strict";

for (const input of document.querySelectorAll("input[type=password]")) {
  const label = input.labels[0].textContent.toLowerCase();
  const button = document.createElement("button");
  const said = document.createElement("span");

  const show = (isShown) => {
    input.type = isShown ? "text" : "password";
    button.textContent = isShown ? "Hide" : "Show";
    button.setAttribute("aria-label", `${button.textContent} ${label}`);
  };
  button.type = "button";
  button.className = "show";
  button.setAttribute("aria-controls", input.id);
  said.className = "unseen";
  said.setAttribute("role", "status");
  button.addEventListener("click", () => {
    const isShown = input.type === "password";
    show(isShown);
    said.textContent = isShown ? "Your password can be seen." : "Your password is hidden.";
  });
  // Browsers offer to keep what is sent from a password field, and keep what is sent from any other as plain text.
  input.form.addEventListener("submit", () => show(false));
  // A page that comes back from the browser's memory.
  addEventListener("pagehide", () => show(false));

  show(false);
  input.after(button, said);
}
