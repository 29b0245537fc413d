{#-
    What the audiences of the project ask of profiles, each once: the leaf conditions of all definitions, from the graph, and
    of former definitions that models which this run leaves out were built with.

    leaves    column -> leaf condition; a column is named after what the condition says
    counted   event -> the things to count of it, in an order that follows from them alone; see `event_counters`
    width     how many things are counted of the event that has most
    uncounted    columns of leaves whose answer no count gives: they are worked out from the events of whoever is looked at
    columns   all of them in the order in which answers are stored: those that counts of an event answer side by side
    has_traits   whether any leaf is about a trait
    is_part   whether others are counted beside these, see `part_of_plan`
-#}
{% macro condition_plan() -%}
    {%- set leaves = segmentloom.standing_conditions() -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.meta.get('segmentloom_rule') -%}
        {%- for leaf in segmentloom.deciding_leaves(node.config.meta.segmentloom_rule) if 'audience' not in leaf -%}
            {%- do leaves.update({segmentloom.condition_column(leaf): leaf}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set counters, uncounted, traits = {}, [], [] -%}
    {%- for column, leaf in leaves | dictsort -%}
        {%- if segmentloom.is_counted(leaf) -%}
            {%- do counters.setdefault(leaf['event'], {}).update({segmentloom.event_key(leaf): leaf}) -%}
        {%- else -%}
            {%- do (traits if 'trait' in leaf else uncounted).append(column) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set counted, columns_of, widths = {}, {}, [0] -%}
    {%- for event, leaf_of in counters | dictsort(case_sensitive=true) -%}
        {%- do counted.update({event: segmentloom.event_counters(leaf_of)}) -%}
        {%- do widths.append(leaf_of | length) -%}
    {%- endfor -%}
    {%- for column, leaf in leaves | dictsort if segmentloom.is_counted(leaf) -%}
        {%- do columns_of.setdefault(leaf['event'], []).append(column) -%}
    {%- endfor -%}
    {%- set columns = [] -%}
    {%- for event in counted -%}{%- do columns.extend(columns_of[event]) -%}{%- endfor -%}
    {{ return({
        'leaves': leaves,
        'counted': counted,
        'width': widths | max,
        'uncounted': uncounted,
        'columns': columns + uncounted + traits,
        'has_traits': traits | length > 0,
        'is_part': false,
    }) }}
{%- endmacro %}

{# A plan that asks only for some columns. What is counted stays where it is. #}
{% macro part_of_plan(plan, columns) -%}
    {%- set leaves, counted, traits = {}, {}, [] -%}
    {%- set asked = segmentloom.places(columns) -%}
    {%- for column in columns -%}
        {%- set leaf = plan.leaves[column] -%}
        {%- do leaves.update({column: leaf}) -%}
        {%- if segmentloom.is_counted(leaf) -%}
            {%- do counted.update({leaf['event']: plan.counted[leaf['event']]}) -%}
        {%- endif -%}
        {%- if 'trait' in leaf -%}{%- do traits.append(column) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(dict(
        plan,
        leaves=leaves,
        counted=counted,
        uncounted=plan.uncounted | select('in', asked) | list,
        columns=plan.columns | select('in', asked) | list,
        has_traits=traits | length > 0,
        is_part=true,
    )) }}
{%- endmacro %}

{# Whether a leaf condition compares a plain number of events, which can be kept by adding and subtracting. #}
{% macro is_counted(leaf) -%}
    {{ return('event' in leaf and 'count' in leaf) }}
{%- endmacro %}

{# The column that says for whom a leaf condition holds. #}
{% macro condition_column(leaf) -%}
    {{ return('c_' ~ local_md5(tojson(leaf, sort_keys=true))[:16]) }}
{%- endmacro %}

{# What is counted of one event, in the order of its columns n_1, n_2, ...: {key, leaf, column}. #}
{% macro event_counters(leaf_of) -%}
    {%- set counters = [] -%}
    {%- for key, leaf in leaf_of | dictsort(case_sensitive=true) -%}
        {%- do counters.append({'key': key, 'leaf': leaf, 'column': 'n_' ~ loop.index}) -%}
    {%- endfor -%}
    {{ return(counters) }}
{%- endmacro %}
