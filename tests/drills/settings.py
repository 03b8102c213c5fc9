"""The product's settings with the drill's room on top."""

from brokerage.config import settings as product

globals().update({name: value for name, value in vars(product).items() if name.isupper()})
ROOMS = [*product.ROOMS, "tests.drills.room"]
INSTALLED_APPS = [*product.INSTALLED_APPS, "tests.drills.room"]
