"""Rights as Django asks for them: by the names of a login's groups, which are roles."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from .models import User


class RoleBackend(ModelBackend):
    """Passwords as Django checks them; rights from `rules.ROLES` and nowhere else."""

    def get_all_permissions(self, user_obj: Any, obj: object = None) -> set[str]:
        """The rights of the login's roles, asked for once a request; none for the closed or unknown."""
        if not isinstance(user_obj, User) or not user_obj.is_active or obj is not None:
            return set()
        return {str(perm) for perm in user_obj.rights}
