import "../app.css";
import { mount } from "svelte";
import MapPage from "../map/MapPage.svelte";
import "../lib/theme.svelte";

mount(MapPage, { target: document.getElementById("app")! });
