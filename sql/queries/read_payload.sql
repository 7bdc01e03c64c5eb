-- read_payload: the frozen payload of a delivery, in slices of bytes, as base64 (characters would outgrow a row once escaped).
-- in    :id, :slice_bytes, :max_slices
-- out   slice (1, 2, …) and its bytes
-- again: the same

select
  s.slice,
  translate(
    encode(
      substring(
        convert_to(d.payload, 'UTF8')
        from cast((s.slice - 1) * cast(:slice_bytes as bigint) + 1 as integer)
        for cast(:slice_bytes as integer)
      ),
      'base64'
    ),
    -- The line breaks of MIME, which the answer would escape.
    chr(10),
    ''
  ) as bytes
from {surehook}.webhook_deliveries d
cross join lateral generate_series(
  1,
  least(
    cast(ceil(cast(octet_length(d.payload) as numeric) / cast(:slice_bytes as numeric)) as integer),
    cast(:max_slices as integer)
  )
) as s (slice)
where d.id = cast(:id as bigint)
order by s.slice
