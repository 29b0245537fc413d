{# The column type of UTC times. What Snowflake takes plain `timestamp` for is up to the account, so it is named there. #}
{% macro type_timestamp() -%}
    {{ return(adapter.dispatch('type_timestamp', 'segmentloom')()) }}
{%- endmacro %}

{# As `dbt.type_timestamp()`, which cannot be called here: in our own project it finds this macro first. #}
{% macro default__type_timestamp() -%}
    {{ return('timestamp') }}
{%- endmacro %}

{% macro snowflake__type_timestamp() -%}
    {{ return('timestamp_ntz') }}
{%- endmacro %}
