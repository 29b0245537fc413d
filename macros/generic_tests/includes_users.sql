{# Fails for each user who is no member of an audience. A user is written `user_id:<value>`. #}
{% test includes_users(model, users) %}

{{ segmentloom.users_with_membership(model, users) }}

where members.profile_id is null

{% endtest %}
