"""Reads the places of an extract: what they are, where, and what is told of their hours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import osmium
import pyarrow as pa
import shapely
from osmium import osm

from hubbub.record.roads.extract import readable
from hubbub.terms.places import Address, Place, PlaceCategory, PlaceId

_C = PlaceCategory

CATEGORIES: Final[Mapping[str, Mapping[str, PlaceCategory]]] = {
    "amenity": {
        **dict.fromkeys(("restaurant", "food_court"), _C.RESTAURANT),
        "fast_food": _C.FAST_FOOD,
        **dict.fromkeys(("cafe", "ice_cream"), _C.CAFE),
        **dict.fromkeys(("bar", "pub", "nightclub", "biergarten"), _C.BAR),
        "marketplace": _C.GROCERIES,
        "pharmacy": _C.PHARMACY,
        **dict.fromkeys(("clinic", "dentist", "doctors", "hospital", "veterinary"), _C.HEALTH),
        **dict.fromkeys(("bank", "bureau_de_change", "post_office", "money_transfer"), _C.SERVICE),
        **dict.fromkeys(("animal_boarding", "car_rental", "car_wash", "studio"), _C.SERVICE),
        **dict.fromkeys(("coworking_space", "vending_machine", "atm"), _C.SERVICE),
        **dict.fromkeys(("arts_centre", "casino", "cinema", "library", "theatre"), _C.CULTURE),
        **dict.fromkeys(("community_centre", "conference_centre", "events_venue"), _C.CULTURE),
        "place_of_worship": _C.WORSHIP,
        **dict.fromkeys(("childcare", "kindergarten", "school"), _C.EDUCATION),
        **dict.fromkeys(("college", "university", "driving_school"), _C.EDUCATION),
        **dict.fromkeys(("language_school", "music_school"), _C.EDUCATION),
        **dict.fromkeys(("courthouse", "embassy", "fire_station", "police"), _C.PUBLIC),
        **dict.fromkeys(("public_building", "social_facility", "townhall"), _C.PUBLIC),
        **dict.fromkeys(("recycling", "toilets", "public_bath"), _C.PUBLIC),
        **dict.fromkeys(("bicycle_rental", "bus_station", "charging_station"), _C.TRANSPORT),
        **dict.fromkeys(("ferry_terminal", "fuel", "parking", "taxi"), _C.TRANSPORT),
    },
    "shop": {
        **dict.fromkeys(("supermarket", "convenience", "grocery", "greengrocer"), _C.GROCERIES),
        **dict.fromkeys(("bakery", "butcher", "cheese", "confectionery", "deli"), _C.GROCERIES),
        **dict.fromkeys(("alcohol", "beverages", "coffee", "tea", "wine"), _C.GROCERIES),
        **dict.fromkeys(("farm", "health_food", "kiosk", "pastry", "seafood"), _C.GROCERIES),
        **dict.fromkeys(("beauty", "hairdresser", "massage", "nails", "tattoo"), _C.SERVICE),
        **dict.fromkeys(("dry_cleaning", "laundry", "tailor", "locksmith"), _C.SERVICE),
        **dict.fromkeys(("car_repair", "copyshop", "funeral_directors"), _C.SERVICE),
        **dict.fromkeys(("insurance", "ticket", "travel_agency"), _C.SERVICE),
    },
    "tourism": {
        **dict.fromkeys(("apartment", "camp_site", "guest_house", "hostel", "hotel"), _C.HOTEL),
        **dict.fromkeys(("motel", "alpine_hut"), _C.HOTEL),
        **dict.fromkeys(("aquarium", "attraction", "gallery", "museum"), _C.CULTURE),
        **dict.fromkeys(("theme_park", "zoo"), _C.CULTURE),
        "information": _C.PUBLIC,
    },
    "leisure": {
        **dict.fromkeys(("bowling_alley", "dance", "fitness_centre"), _C.SPORT),
        **dict.fromkeys(("golf_course", "ice_rink", "miniature_golf"), _C.SPORT),
        **dict.fromkeys(("sports_centre", "sports_hall", "stadium"), _C.SPORT),
        **dict.fromkeys(("swimming_pool", "water_park"), _C.SPORT),
        **dict.fromkeys(("beach_resort", "dog_park", "garden", "nature_reserve"), _C.PARK),
        **dict.fromkeys(("park", "playground"), _C.PARK),
        **dict.fromkeys(("adult_gaming_centre", "amusement_arcade", "escape_game"), _C.CULTURE),
    },
    "healthcare": {},
    "craft": {},
    "office": {},
    "railway": dict.fromkeys(("halt", "station"), _C.TRANSPORT),
}
"""OpenStreetMap key -> value -> category; the first key that says something decides."""

OTHERWISE: Final = {
    "shop": _C.SHOP,
    "healthcare": _C.HEALTH,
    "craft": _C.SERVICE,
    "office": _C.OFFICE,
}
"""What any other value of a key is; other values of the other keys are no places."""

_NOTHING: Final = frozenset({"no", "vacant", "disused"})
_SCHEMA: Final = pa.schema(
    {
        **dict.fromkeys(("id", "name"), pa.string()),
        "other_names": pa.list_(pa.string()),
        "category": pa.string(),
        **dict.fromkeys(("lat_e6", "lon_e6"), pa.int32()),
        "address": pa.struct(dict.fromkeys(Address.__struct_fields__, pa.string())),
        **dict.fromkeys(("hours_told", "source"), pa.string()),
    }
)


def read_places(pbf: Path) -> list[Place]:
    """Read all places that have a name or tell their hours, in the order of their ids."""
    found: dict[tuple[str, int], Place] = {}
    with readable(pbf):
        reader = osmium.FileProcessor(str(pbf)).with_locations().with_areas()
        for each in reader.with_filter(osmium.filter.KeyFilter(*CATEGORIES)):
            key, spot = _key(each), _spot(each)
            # A way that closes comes twice: its area knows better where its inside is.
            if key is None or spot is None or (key in found and not isinstance(each, osm.Area)):
                continue
            place = _place(key, spot, {tag.k: tag.v for tag in each.tags})
            if place is not None:
                found[key] = place
    return [place for _, place in sorted(found.items())]


def places_table(places: list[Place]) -> pa.Table:
    """Lay places out as they rest on disk."""
    return pa.Table.from_pylist([msgspec.to_builtins(place) for place in places], _SCHEMA)


def category_of(tags: Mapping[str, str]) -> PlaceCategory | None:
    """Tell what kind of place the tags are of, if of any."""
    for key, categories in CATEGORIES.items():
        # `nightclub;restaurant`: the first that is known counts
        values = [value.strip() for value in tags.get(key, "").split(";") if value.strip()]
        if not values or values[0] in _NOTHING:
            continue
        known = [categories[value] for value in values if value in categories]
        category = known[0] if known else OTHERWISE.get(key)
        if category is not None:
            return category
    return None


def _place(key: tuple[str, int], spot: shapely.Point, tags: Mapping[str, str]) -> Place | None:
    kind, number = key
    category = category_of(tags)
    name = next((tags[each] for each in ("name", "brand", "operator") if tags.get(each)), "")
    hours = tags.get("opening_hours", "").strip()
    if category is None or not (name or hours) or tags.get("disused") == "yes":
        return None
    others = (tags[each] for each in tags if each.startswith(("name:", "alt_name", "short_name")))
    return Place(
        id=PlaceId(f"{kind}{number}"),
        name=name,
        other_names=tuple(sorted({*others} - {name})),
        category=category,
        lat_e6=round(spot.y * 1e6),
        lon_e6=round(spot.x * 1e6),
        address=Address(
            street=tags.get("addr:street", ""),
            house_number=tags.get("addr:housenumber", ""),
            postcode=tags.get("addr:postcode", ""),
            town=tags.get("addr:city", ""),
        ),
        hours_told=hours,
    )


def _key(found: object) -> tuple[str, int] | None:
    """Name an object so that it has the same name in the next extract."""
    match found:
        case osm.Node():
            return "n", found.id
        case osm.Way():
            return "w", found.id
        case osm.Area():
            return ("w" if found.from_way() else "r"), found.orig_id()
        case _:
            return None


def _spot(found: object) -> shapely.Point | None:
    """Give a point inside; none where the extract has nothing of the object's shape."""
    match found:
        case osm.Node():
            return shapely.Point(found.location.lon, found.location.lat)
        case osm.Way():
            nodes = [(node.lon, node.lat) for node in found.nodes if node.location.valid()]
            # a line, or what the extract was cut off from: somewhere on it
            return shapely.Point(nodes[len(nodes) // 2]) if nodes else None
        case osm.Area():
            try:
                shape = shapely.from_wkb(_WKB.create_multipolygon(found))
            except RuntimeError:  # none of its rings is left
                return None
            return None if shape.is_empty else shapely.point_on_surface(shape)
        case _:
            return None


_WKB: Final = osmium.geom.WKBFactory()
