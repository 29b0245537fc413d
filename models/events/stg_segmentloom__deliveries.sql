{#- All deliveries, whether they count or not. The events are kept incrementally, from the macro itself. -#}
{{ segmentloom.deliveries() }}
