// Part of Orthanc Explorer's page (jQuery Mobile 1.1), put there by viewer_link.py: says on the page of a study which series newer
// results of Hilum have replaced. Hilum's rejection notes tell (core/results/rejection-note.ts); others count for nothing here.
$('#study').live('pagebeforeshow', () => {
  const WORDS = new Map([
    ['113001', 'REPLACED: this study has a newer result of Hilum'],
    ['113038', 'REJECTED: stored with data of the patient or the study that were wrong'],
  ]);
  const items = (tags, tag) => (Array.isArray(tags[tag]?.Value) ? tags[tag].Value : []);
  const text = (tags, tag) => String(tags?.[tag]?.Value ?? '');
  /** What is to be said of the objects that a note of ours rejects; undefined for any other object. */
  const wordsOf = (tags) => {
    const [title] = items(tags, '0040,a043');
    const isOurs = items(tags, '0018,a001').some((equipment) => text(equipment, '0008,0070') === 'Hilum');
    return isOurs && text(title, '0008,0102') === 'DCM' ? WORDS.get(text(title, '0008,0100')) : undefined;
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
    const rejected = new Map();
    for (const series of ours.filter(({ MainDicomTags }) => MainDicomTags.Modality === 'KO'))
      for (const id of series.Instances) {
        const tags = await $.getJSON(`../instances/${id}/tags`);
        const words = wordsOf(tags);
        if (words === undefined) continue;
        for (const uid of rejectedBy(tags)) rejected.set(uid, words);
        mark(series, 'Hilum’s note about results that are replaced');
      }
    if (rejected.size === 0) return;
    for (const series of ours) {
      const instances = await $.getJSON(`../series/${series.ID}/instances`);
      const said = instances.map(({ MainDicomTags }) => rejected.get(MainDicomTags.SOPInstanceUID));
      if (said.every((words) => words !== undefined)) mark(series, said[0]);
    }
  };
  markAll($.mobile.pageData.uuid);
});
