import "../app.css";
import { mount } from "svelte";
import Page from "../places/PlacesPage.svelte";

mount(Page, { target: document.getElementById("app")! });
