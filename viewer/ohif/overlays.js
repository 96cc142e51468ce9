/** What is written over every image. */

/** OHIF's customization of the texts in a viewport's corners. */
export function overlays() {
  return {
    'viewportOverlay.topLeft': {
      $push: [
        {
          id: 'HilumResearch',
          inheritsFrom: 'ohif.overlayItem',
          title: 'Hilum',
          color: '#ffd54a',
          contentF: () => 'Research use only',
        },
      ],
    },
  };
}
