// A key of one's own in this browser: Ed25519 by WebCrypto, kept in IndexedDB so that nothing, not even this script, can
// read its private half out. Needs https or the loopback.
"use strict";

const PREFIX = "dispatch-desk decision v2\n";
const STORE = "keys";
// The first 12 bytes of every Ed25519 public key in DER, which are exactly 16 characters of base64.
const DER_HEAD = "MCowBQYDK2VwAyEA";

function database() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("dispatch-desk", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id" });
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

async function inStore(mode, act) {
  const opened = await database();
  return new Promise((resolve, reject) => {
    const asked = act(opened.transaction(STORE, mode).objectStore(STORE));
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));

async function make() {
  const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
  const raw = await crypto.subtle.exportKey("raw", pair.publicKey);
  const digest = base64(await crypto.subtle.digest("SHA-256", raw)).replace(/=+$/, "");
  const key = { id: `SHA256:${digest}`, publicKey: base64(raw), privateKey: pair.privateKey, createdAt: new Date().toISOString().replace(/\.\d+/, "") };
  await inStore("readwrite", (store) => store.add(key));
  return key;
}

async function sign(key, text) {
  return base64(await crypto.subtle.sign({ name: "Ed25519" }, key.privateKey, new TextEncoder().encode(PREFIX + text)));
}

const sentence = (error) =>
  error?.name === "NotSupportedError"
    ? "This browser cannot make Ed25519 keys. Use a newer one, or dispatch keys new."
    : `The browser refused (${error?.name ?? error}). Nothing was sent.`;

async function keysPage() {
  const section = document.getElementById("make-key");
  if (!section || !crypto.subtle) return;
  // The button shows once it does something: what is awaited first would let an early click fall into nothing.
  document.getElementById("make").addEventListener("click", async (event) => {
    event.target.disabled = true;
    try {
      const key = await make();
      document.getElementById("made-key").textContent = `created_at: ${key.createdAt}\n-----BEGIN PUBLIC KEY-----\n${DER_HEAD}${key.publicKey}\n-----END PUBLIC KEY-----\n`;
      document.getElementById("made").hidden = false;
      document.getElementById("made-key").focus();
    } catch (error) {
      document.getElementById("key-wrong").textContent = sentence(error);
    }
    event.target.disabled = false;
  });
  section.hidden = false;
  for (const row of document.querySelectorAll("tr[data-key-id]")) {
    if (await inStore("readonly", (store) => store.get(row.dataset.keyId))) row.querySelector(".where").textContent = "In this browser";
  }
}

async function signPage() {
  const section = document.getElementById("browser-key");
  if (!section || !crypto.subtle) return;
  const key = await inStore("readonly", (store) => store.get(section.dataset.keyId));
  if (!key) return;
  section.hidden = false;
  document.getElementById("sign-here").addEventListener("click", async () => {
    try {
      // What is signed is the text that is shown, to the letter.
      document.getElementById("signature").value = await sign(key, document.getElementById("exact").textContent);
      document.getElementById("with-signature").requestSubmit();
    } catch (error) {
      document.getElementById("sign-wrong").textContent = sentence(error);
    }
  });
}

keysPage();
signPage();
