// Part of Orthanc Explorer's page (jQuery Mobile 1.1), put there by viewer_link.py: says on the page of a study which series newer
// results of Hilum have replaced. Hilum's rejection notes tell (core/results/rejection-note.ts); others count for nothing here.
$('#study').live('pagebeforeshow', () => {
  const items = (tags, tag) => (Array.isArray(tags[tag]?.Value) ? tags[tag].Value : []);
  const text = (tags, tag) => String(tags?.[tag]?.Value ?? '');
  const isNote = (tags) => {
    const [title] = items(tags, '0040,a043');
    const isRejecting = /^(113001|113038)$/.test(text(title, '0008,0100')) && text(title, '0008,0102') === 'DCM';
    return isRejecting && items(tags, '0018,a001').some((equipment) => text(equipment, '0008,0070') === 'Hilum');
  };
  const rejectedBy = (tags) =>
    items(tags, '0040,a375').flatMap((study) =>
      items(study, '0008,1115').flatMap((series) =>
        items(series, '0008,1199').map((object) => text(object, '0008,1155')),
      ),
    );
  const mark = ({ ID }, words) => {
    const link = $('#list-series a').filter((_, one) => $(one).attr('href') === `#series?uuid=${ID}`);
    link.find('h3').after($('<p>').append($('<strong>').css('color', '#b00').text(words)));
    link.children().css('opacity', 0.6);
  };
  const markAll = async (study) => {
    const all = await $.getJSON(`../studies/${study}/series?expand`);
    const ours = all.filter(({ MainDicomTags }) => MainDicomTags.Manufacturer === 'Hilum');
    const rejected = new Set();
    for (const series of ours.filter(({ MainDicomTags }) => MainDicomTags.Modality === 'KO')) {
      const read = await Promise.all(series.Instances.map((id) => $.getJSON(`../instances/${id}/tags`)));
      const notes = read.filter(isNote);
      for (const uid of notes.flatMap(rejectedBy)) rejected.add(uid);
      if (notes.length > 0) mark(series, 'Hilum’s note about replaced results');
    }
    if (rejected.size === 0) return;
    for (const series of ours) {
      const instances = await $.getJSON(`../series/${series.ID}/instances`);
      if (instances.every(({ MainDicomTags }) => rejected.has(MainDicomTags.SOPInstanceUID)))
        mark(series, 'REPLACED: this study has a newer result of Hilum');
    }
  };
  markAll($.mobile.pageData.uuid);
});
