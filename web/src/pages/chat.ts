import "../app.css";
import "../chat/chat.css";
import { mount } from "svelte";
import Page from "../chat/ChatPage.svelte";

mount(Page, { target: document.getElementById("app")! });
