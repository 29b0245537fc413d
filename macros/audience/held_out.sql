{# Whether a profile is held out: the same ones for every audience of the group, and at a higher share still. #}
{% macro held_out(holdout) -%}
    {%- if holdout['basis_points'] is not integer -%}
        {{ exceptions.raise_compiler_error('segmentloom: the share of a holdout is a whole number of basis points') }}
    {%- endif -%}
    {%- set group = segmentloom.literal('holdout:' ~ holdout['group'] ~ ':') | trim -%}
    {{ segmentloom.hash_bucket(group ~ ' || profiles.profile_id') }} < {{ segmentloom.literal(holdout['basis_points']) }}
{%- endmacro %}
