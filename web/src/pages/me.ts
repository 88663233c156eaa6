import "../app.css";
import { mount } from "svelte";
import Page from "../me/MePage.svelte";

mount(Page, { target: document.getElementById("app")! });
