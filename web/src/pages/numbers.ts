import "../app.css";
import { mount } from "svelte";
import Page from "../numbers/NumbersPage.svelte";

mount(Page, { target: document.getElementById("app")! });
