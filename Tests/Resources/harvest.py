"""What CKAN's own DCAT harvester makes of a catalogue: ckanext-dcat's parser over rdflib, with the
profile that a portal has by default. Prints a JSON array, a dataset an entry."""

import json
import sys

from ckanext.dcat.processors import RDFParser

parser = RDFParser(profiles=["euro_dcat_ap_2"])
with open(sys.argv[1], encoding="utf-8") as file:
    parser.parse(file.read(), _format="json-ld")
found = []
for dataset in parser.datasets():
    extras = {extra["key"]: extra["value"] for extra in dataset.pop("extras")}
    found.append(extras | dataset)
print(json.dumps(sorted(found, key=lambda each: each["identifier"])))
