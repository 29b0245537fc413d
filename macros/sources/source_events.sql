{#-
    A select of the deliveries of one entry of the var `segmentloom_sources`, in the shape of `source_landed`.

    `name` becomes the source_id; `kind` chooses the macro `source_<kind>` that reads the rest of the entry. With a
    `step` of the incremental events, those that may be new to it only: a source that says when its rows were loaded is
    read from its watermark on.
-#}
{% macro source_events(source, step=none) -%}
    {%- if source is not mapping or not source.get('name') -%}
        {{ exceptions.raise_compiler_error("segmentloom_sources: every source needs a 'name'; add one, it becomes the source_id of the events") }}
    {%- endif -%}
    {{ segmentloom.events_of_parts(
        source, segmentloom.source_parts(source, step), step.since.get(source.name) if step else none
    ) }}
{%- endmacro %}

{#-
    What a source consists of: a list of parts, each a mapping that says in SQL how rows of one relation become events.

    rows        what stands after `from`
    texts       event_id, type, event, anonymous_id, user_id, previous_id, email; what is left out is null
    times       occurred_at, received_at, loaded_at: UTC timestamps
    objects     properties, traits, context: JSON text of objects
    place       text that decides between rows with one load time and event_id; the content decides after it
    refusal     text that says why the row is no event; null when it is one
    where       which rows are meant
    load_times  a query for the load times of its rows, as loaded_at, in place of those of `times`
    reads_all   true of rows without load times that are read in each build
    shares_ids  of all rows with one event_id that are read together, only the first by place counts, with the load
                time of the one that was loaded first
-#}
{% macro source_parts(source, step=none) -%}
    {%- set kinds = segmentloom.source_kinds() -%}
    {%- if source.get('kind') not in kinds -%}
        {%- set given = "is '" ~ source.kind ~ "'" if source.get('kind') else 'is missing' -%}
        {{ segmentloom.source_problem(source, 'kind', given ~ '; use one of ' ~ kinds.keys() | join(', ')) }}
    {%- endif -%}
    {{ return(kinds[source.kind](source, step)) }}
{%- endmacro %}

{# The kinds of sources with the macros that read them. #}
{% macro source_kinds() -%}
    {{ return({
        'custom': segmentloom.source_custom,
        'segment': segmentloom.source_segment,
        'rudderstack': segmentloom.source_rudderstack,
        'snowplow': segmentloom.source_snowplow,
        'ga4': segmentloom.source_ga4,
        'amplitude': segmentloom.source_amplitude,
        'mixpanel': segmentloom.source_mixpanel,
        'posthog': segmentloom.source_posthog,
    }) }}
{%- endmacro %}

{#-
    Whether a step asks for the code of a source only, not for what the warehouse holds: the columns and tables that
    there are must not decide whether the events are built anew. dbt asks the same when it parses.
-#}
{% macro is_sketch(step) -%}
    {{ return(not execute or (step and step.get('is_sketch', false))) }}
{%- endmacro %}
