// Part of Orthanc Explorer's page (jQuery Mobile 1.1), put there by viewer_link.py, which fills in the address.
$('#study').live('pagebeforeshow', () => {
  const viewer = 'VIEWER_URL';
  $('#hilum-viewer').remove();
  $.getJSON(`../studies/${$.mobile.pageData.uuid}`, ({ MainDicomTags: { StudyInstanceUID } }) => {
    const button = $('<a>', {
      id: 'hilum-viewer',
      href: `${viewer}/viewer?StudyInstanceUIDs=${encodeURIComponent(StudyInstanceUID)}`,
      text: 'Open in the viewer (OHIF)',
      'data-role': 'button',
      'data-icon': 'search',
      'data-theme': 'e',
      'data-ajax': 'false',
    });
    $('#hilum-viewer').remove();
    button.insertAfter($('#study-info')).button();
    button.click((event) => {
      event.preventDefault();
      // This origin cannot read the answer, but any answer shows that the viewer runs.
      fetch(`${viewer}/viewer-alive`, { mode: 'no-cors' }).then(
        () => window.open(button.attr('href'), '_blank', 'noopener'),
        () => alert('The viewer is not running. Start it in the folder of Hilum: bin/hilum viewer'),
      );
    });
  });
});
