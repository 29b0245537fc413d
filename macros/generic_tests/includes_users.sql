{# Fails for each user who is no member of an audience. #}
{% test includes_users(model, user_ids) %}

{{ segmentloom.users_with_membership(model, user_ids) }}

where members.profile_id is null

{% endtest %}
