{# Fails for each user who is a member of an audience. A user is written `user_id:<value>`. #}
{% test excludes_users(model, users) %}

{{ segmentloom.users_with_membership(model, users) }}

where members.profile_id is not null

{% endtest %}
