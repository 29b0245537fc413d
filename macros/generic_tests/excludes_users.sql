{# Fails for each user who is a member of an audience. #}
{% test excludes_users(model, user_ids) %}

{{ segmentloom.users_with_membership(model, user_ids) }}

where members.profile_id is not null

{% endtest %}
