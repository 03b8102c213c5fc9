"""What every room's admin pages of read models share: they show rows and change none."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

if TYPE_CHECKING:  # Django's admin classes take type parameters in its stubs only
    ModelAdmin = admin.ModelAdmin[Model]
else:
    ModelAdmin = admin.ModelAdmin


class ReadOnly:
    """For staff who may see reference data, to look at: these rows follow from the book."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whoever may see reference data sees every room's."""
        return request.user.has_perm("access.see_reference")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may see reference data."""
        return request.user.has_perm("access.see_reference")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody adds rows here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes rows here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes rows here."""
        return False


class ReadOnlyAdmin(ReadOnly, ModelAdmin):
    """The admin page of a read model."""
