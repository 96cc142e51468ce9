import { startRunsTable } from '/work/wt/status/test/fixtures/runs-table-server.ts';
import { RUN_STATES } from '/work/wt/status/pipeline/run-state.ts';
const n = Number(process.argv[2] ?? 200000);
const items = Array.from({length: n}, (_, i) => {
  const runId = String(i).padStart(32,'0'); const t = new Date(Date.UTC(2026,0,1)+i*60000).toISOString();
  const state = RUN_STATES[i % 50 === 0 ? 7 : i % 7 === 0 ? 5 : 4] ?? 'delivered';
  return { runId, StudyInstanceUID: `1.2.826.0.1.3680043.8.498.${Math.floor(i/3)}`, revision: 'a'.repeat(64), inputDigest:'b'.repeat(64), tool: ['caries','brain-tissue','vertebral-fracture'][i%3], version:'0.4.0+r2.fbb0dd3b', lane:'live', state, firstSeen:t, at_received:t, at_routed:t, at_delivered:t, changed: `${t}/${runId}`, outcome:'result', summary:'Found two fractures of the spine, of grades 1 and 2.', objects: Array.from({length:4},(_, k)=>`2.25.1234567890123456789012345678901234${i}${k}`)};
});
const s = await startRunsTable(items); console.log(s.endpoint); 
