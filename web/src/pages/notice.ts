import "../app.css";
import { mount } from "svelte";
import Page from "../notice/NoticePage.svelte";

mount(Page, { target: document.getElementById("app")! });
