// The official JavaScript client against the emulator, unchanged but for its host and token.
// In: BASE, TOKEN, GROUP and USER in the environment. Out: one JSON object of what was seen.
import graph from "@microsoft/microsoft-graph-client";

const { BatchRequestContent, BatchResponseContent, Client, PageIterator } = graph;
const { BASE, TOKEN, GROUP, USER } = process.env;
const client = Client.init({
  baseUrl: BASE,
  customHosts: new Set([new URL(BASE).hostname]),
  authProvider: (done) => done(null, TOKEN),
});
const seen = {};

async function refusal(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { status: error.statusCode, code: error.code, hasIds: Boolean(error.requestId && error.date) };
  }
}

async function readsAndCreates() {
  const members = await client.api(`/groups/${GROUP}/members`).select(["id", "displayName"]).get();
  seen.members = members.value.map((member) => member["@odata.type"]);
  const container = { url: `https://graph.microsoft.com/v1.0/groups/${GROUP}` };
  const plan = await client.api("/planner/plans").post({ title: "Foreign", container });
  const bucket = await client.api("/planner/buckets").post({ name: "First", planId: plan.id, orderHint: " !" });
  const assigned = { "@odata.type": "#microsoft.graph.plannerAssignment", orderHint: " !" };
  const task = await client
    .api("/planner/tasks")
    .post({ planId: plan.id, bucketId: bucket.id, title: "Made in JavaScript", assignments: { [USER]: assigned } });
  seen.created = { title: task.title, assignees: Object.keys(task.assignments), priority: task.priority };
  return { plan, bucket, task };
}

async function etagUpdates({ task }) {
  const path = `/planner/tasks/${task.id}`;
  const etag = task["@odata.etag"];
  const nothing = await client.api(path).header("If-Match", etag).patch({ percentComplete: 50 });
  seen.patchAnswer = nothing === undefined ? "nothing" : typeof nothing;
  seen.clash = await refusal(() => client.api(path).header("If-Match", etag).patch({ percentComplete: 100 }));
  seen.missing = await refusal(() => client.api(path).patch({ percentComplete: 100 }));
  seen.unknown = await refusal(() => client.api(`/planner/tasks/${"A".repeat(28)}`).get());
  const fresh = await client.api(path).get();
  const done = await client
    .api(path)
    .headers({ "If-Match": fresh["@odata.etag"], Prefer: "return=representation" })
    .patch({ percentComplete: 100 });
  seen.completed = { percent: done.percentComplete, moved: done["@odata.etag"] > etag };
  const details = await client.api(`${path}/details`).get();
  const reference = { "@odata.type": "#microsoft.graph.plannerExternalReference", alias: "Brief", type: "Other" };
  await client
    .api(`${path}/details`)
    .header("If-Match", details["@odata.etag"])
    .patch({ description: "From afar", references: { "https%3A//contoso%2Eexample/brief": reference } });
  seen.details = await client.api(`${path}/details`).select("description,references").get();
  delete seen.details["@odata.context"];
  seen.details.references = Object.keys(seen.details.references);
}

function step(id, path, dependsOn, method = "GET", body = undefined) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const request = new Request(`https://localhost${path}`, { method, headers, body: body && JSON.stringify(body) });
  return { id, request, dependsOn };
}

async function sendBatch(steps) {
  const content = await new BatchRequestContent(steps).getContent();
  const answers = new BatchResponseContent(await client.api("/$batch").post(content));
  return steps.map(({ id }) => answers.getResponseById(id));
}

async function batch({ plan, task }) {
  const newTask = { planId: plan.id, title: "From a batch" };
  const chain = await sendBatch([
    step("1", `/planner/plans/${plan.id}`),
    step("2", "/planner/tasks", ["1"], "POST", newTask),
    step("3", "/users/nobody@peakshire.example", ["2"]),
    step("4", `/planner/tasks/${task.id}`, ["3"]),
  ]);
  seen.chain = chain.map((answer) => answer.status);
  seen.chainTitle = (await chain[1].json()).title;
  const parallel = await sendBatch([step("a", "/groups"), step("b", `/planner/tasks/${"A".repeat(28)}`)]);
  seen.parallel = parallel.map((answer) => answer.status);
}

async function paging({ plan }) {
  for (let number = 0; number < 9; number += 1) {
    await client.api("/planner/tasks").post({ planId: plan.id, title: `Task ${number}` });
  }
  const first = await client.api(`/planner/plans/${plan.id}/tasks`).get();
  const titles = [];
  const iterator = new PageIterator(client, first, (task) => {
    titles.push(task.title);
    return true;
  });
  await iterator.iterate();
  seen.firstPage = first.value.length;
  seen.paged = titles.length;
  seen.distinct = new Set(titles).size;
}

async function files() {
  const drive = await client.api(`/groups/${GROUP}/drive`).get();
  const item = await client.api(`/drives/${drive.id}/root:/note.txt:/content`).put("a note");
  const content = await client.api(`/drives/${drive.id}/items/${item.id}/content`).responseType("text").get();
  seen.content = content;
}

const made = await readsAndCreates();
await etagUpdates(made);
await batch(made);
await paging(made);
await files();
console.log(JSON.stringify(seen));
