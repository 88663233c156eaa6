import "../app.css";
import { mount } from "svelte";
import Page from "../share/SharePage.svelte";

mount(Page, { target: document.getElementById("app")! });
