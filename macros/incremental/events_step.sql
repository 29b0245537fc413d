{#-
    What the events have to do now. The model writes it into its SQL, so that the materialization goes by the same.

    is_full          build from all deliveries
    reason           why, for the log
    generation       the events' new one when they are built anew, else as it was
    batch            of the events that this step adds
    rules            see `events_rules`
    first_loaded_at  the earliest load time of the complete loads that were never read; none when there are none
    watermarks       source -> the latest load time in it, where that is later than before; of sources that map loaded_at
    timed            the sources that say load times: source -> its consumer in the progress
    since            source -> the load time from which on it is read
    replaced         source -> the first date from which on it is replaced whole; of sources that have a table for each
-#}
{% macro events_step() -%}
    {%- set step = {
        'is_full': true, 'reason': none, 'generation': invocation_id, 'batch': 1, 'rules': '', 'first_loaded_at': none,
        'timed': {}, 'watermarks': {}, 'since': {}, 'replaced': {},
    } -%}
    {#- A unit test brings its own deliveries: what the warehouse holds says nothing about them. -#}
    {%- if execute and model.resource_type != 'unit_test' and load_relation(segmentloom.state_relation('progress')) -%}
        {%- do step.update({'timed': segmentloom.timed_sources()}) -%}
        {%- set known = segmentloom.progress_of(['segmentloom__events'] + step.timed.values() | list) -%}
        {%- set own = known.get('segmentloom__events') -%}
        {%- do step.update({'rules': segmentloom.events_rules()}) -%}
        {%- do step.update({'reason': segmentloom.reason_to_start_anew(own, step.rules)}) -%}
        {%- if step.reason -%}
            {%- do step.update({'batch': segmentloom.last_batch() + 1, 'watermarks': segmentloom.load_times_of_sources(step, {})}) -%}
        {%- else -%}
            {%- do step.update({
                'is_full': false,
                'generation': own.generation,
                'batch': own.batch + 1,
                'first_loaded_at': segmentloom.first_loaded_at(),
                'watermarks': segmentloom.load_times_of_sources(step, known),
                'since': segmentloom.times_to_read_since(step, known),
            }) -%}
            {%- do step.update({'replaced': segmentloom.replaced_dates(step)}) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(step) }}
{%- endmacro %}

{# The greatest batch that anything has recorded, so that none comes twice. #}
{% macro last_batch() -%}
    {{ return(run_query('select coalesce(max(batch), 0) from ' ~ segmentloom.state_relation('progress')).rows[0][0] | int) }}
{%- endmacro %}

{# A step as a comment of SQL, and back. #}
{% macro write_step(step) -%}
/* {{ tojson(step, sort_keys=true) | replace('/', '\\/') }} */
{%- endmacro %}

{% macro read_step(sql) -%}
    {{ return(fromjson(sql.split('/*', 1)[1].split('*/', 1)[0])) }}
{%- endmacro %}
