"""Reads {"schema", "requests"} from standard input; writes for each request whether Python's jsonschema takes it."""

import json
import sys

try:
    from jsonschema import validators
except ImportError:
    sys.exit("Python's package jsonschema is missing: pip install jsonschema")

asked = json.load(sys.stdin)
validator_class = validators.validator_for(asked["schema"])
validator_class.check_schema(asked["schema"])
validator = validator_class(asked["schema"], format_checker=validator_class.FORMAT_CHECKER)
json.dump([validator.is_valid(request) for request in asked["requests"]], sys.stdout)
