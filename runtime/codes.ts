/**
 * Every fault that has no place in the YAML: what `netlathe explain` and docs/errors.md say of it. Data alone, because
 * the compiler's catalogue reads it, and must not load what trains.
 */

export interface CodeText {
  readonly title: string;
  /** Markdown: why, and how to mend it. */
  readonly explanation: string;
}

export const dataCodes = {
  E501: {
    title: 'the photos are not there',
    explanation: `\`--data\` names a folder or an archive that does not exist. A relative path counts from the folder the command runs in.`,
  },
  E502: {
    title: 'no photos to train on',
    explanation: `Either there is no JPEG, PNG or WebP, or none of them carries a label, or all photos of some class are broken. A label
is the folder that a photo is in, or the number in front of its name:

    training/pizza/1.jpg
    training/3_17.jpg`,
  },
  E503: {
    title: 'the classes do not match',
    explanation: `The class names of training, of validation and of the architecture must be the same: a class that one of them lacks
would shift the labels of all classes behind it. A single class is refused too, since there is nothing to tell apart.
Names that differ in case or spelling are different classes; the message names those that only one side has.`,
  },
  E504: {
    title: 'too many photos are broken',
    explanation: `Broken photos are named and skipped, up to 1% of them. With more, it is likely that a download or a copy went wrong, and
what is left may no longer stand for the whole.`,
  },
  E505: {
    title: 'the archive cannot be used',
    explanation: `netlathe reads .tar and .tar.gz. An archive that ends too early, or holds a path that leads out of it, is refused. Unpack
other kinds, such as .zip, and give the folder.`,
  },
  E506: {
    title: 'a photo cannot be read',
    explanation: `The system refused to give the file, or the file changed while it was read. Check its permissions and its disk, and let
nothing write to the folder meanwhile.`,
  },
  E507: {
    title: 'a symbolic link that is not followed',
    explanation: `Links are followed within the folder of photos only. One that leads out of it could bring in anything; one that leads
nowhere or round in a circle cannot be followed at all.`,
  },
  E508: {
    title: 'which folder trains cannot be told',
    explanation: `Folders called \`train\` or \`training\` train, those called \`validation\`, \`valid\` or \`val\` validate. With other
names, or several that would do, say so in the recipe:

    train:
      data: { train: photos-2024, validation: photos-2025 }`,
  },
  E509: {
    title: 'the photos do not fit into memory',
    explanation: `Photos are kept decoded, at half as much again as the input of the network. Train on fewer, or at a smaller input: half
the side takes a quarter of the memory.`,
  },
  E510: {
    title: 'this photo cannot be decoded',
    explanation: `The file is no JPEG, PNG or WebP, whatever its name says, or it is damaged.`,
  },
  E511: {
    title: 'an option for the photos makes no sense',
    explanation: `A share that is not between 0 and 1, a size that is no number of pixels, or two options that exclude each other, such as
a folder that validates and a part that is held out.`,
  },
  W501: {
    title: 'a photo both trains and validates',
    explanation: `The same file, byte for byte, is in both splits. The network has seen it, so that accuracy looks better than it is.
Remove one of each pair.`,
  },
  W502: {
    title: 'files that are ignored',
    explanation: `They are no images, or nothing says which class they are of.`,
  },
  W503: {
    title: 'broken photos are skipped',
    explanation: `They could not be decoded. More than 1% of them, and the run is refused (E504).`,
  },
  W504: {
    title: 'images of a kind that is not read',
    explanation: `Such as GIF, TIFF or HEIC. Convert them to JPEG, PNG or WebP.`,
  },
  W505: {
    title: 'a class is odd',
    explanation: `Labels that are numbers leave one out, so a class may be missing; or a class has too few different photos to hold one
out for validation.`,
  },
  W506: {
    title: 'a folder of photos is not used',
    explanation: `It stands beside the folders that train and validate. A folder \`test\` is left alone on purpose:
\`netlathe eval --split test\` evaluates on it.`,
  },
  W507: {
    title: 'nothing validates',
    explanation: `All photos train, so that nothing tells how well the network does on photos it has not seen, and the last weights are
kept rather than the best. Add a folder \`validation\`, or hold out a part with \`data: { holdOut: 0.1 }\`.`,
  },
  W508: {
    title: 'the name says another format',
    explanation: `Such as a PNG called \`.jpg\`. It is read as what it is; other programs may refuse it.`,
  },
  W509: {
    title: 'the same photo under two classes',
    explanation: `The same file, byte for byte, with two labels: at least one is wrong, and the network is taught both.`,
  },
  W510: {
    title: 'the cache of photos was damaged',
    explanation: `It did not match its own checksum, so the photos were decoded anew. If it happens again, check the disk.`,
  },
} as const satisfies Readonly<Record<string, CodeText>>;

export const runCodes = {
  E520: {
    title: 'a file could not be written',
    explanation: `Something stands in the way, such as a folder of that name, or the disk failed. Files are written beside their place
and moved there when complete: what was there before is still whole.`,
  },
  E521: {
    title: 'no space left',
    explanation: `The disk or the quota is full. What was there before is still whole: free some space and go on with \`--resume\`.`,
  },
  E522: {
    title: 'writing is not permitted',
    explanation: `The folder belongs to someone else or is mounted read-only. Choose another with \`--out\`.`,
  },
  E540: {
    title: 'the loss or the gradient is no longer a number',
    explanation: `A gradient grew beyond what floats hold, nearly always because the learning rate is too large for the network. Lower
it, add \`warmupEpochs\`, or set \`clipNorm: 1\`. The layer named is the first, from the input on, whose gradient is no
number. The last checkpoint is as it was before.`,
  },
  E541: {
    title: 'another run than the checkpoint',
    explanation: `\`--resume\` goes on bit for bit, which needs the same architecture, recipe, photos, engine, numerics and teacher. Restore what
has changed, or start a new run in another folder; \`--init weights.safetensors\` starts one from these weights.`,
  },
  E542: {
    title: 'the checkpoint does not fit',
    explanation: `Its tensors are not those of this network and optimizer: it was made by another version, or damaged. Start a new run.`,
  },
  E543: {
    title: 'someone trains into this folder',
    explanation: `A run belongs to one process. A lock that a killed process left is taken over by itself on the machine where it ran, so
there this one is alive: wait for it, or use another \`--out\`. Whether a process of another machine lives cannot be seen
from here. Look there; once it is gone for good, remove the file that the message names, and \`--resume\`. A container that is
replaced has another name than before: give it one with \`--hostname\`, and it takes its own lock over by itself.`,
  },
  E544: {
    title: 'nothing to resume from',
    explanation: `The folder of \`--out\` holds no checkpoint. A run writes its first after an epoch, after a minute, or when it is
interrupted. Leave out \`--resume\` to start.`,
  },
  E545: {
    title: 'there is no run here',
    explanation: `\`--model\` takes the folder that \`netlathe train\` wrote, with \`run.json\`, \`architecture.yaml\` and the weights in it.`,
  },
  E546: {
    title: 'the teacher cannot be used',
    explanation: `\`distill.teacher\` names the folder of a run, \`{ arch: FILE, weights: FILE.safetensors }\`, or a tf.LayersModel
(\`model.json\`) that takes one image and gives one row of logits or probabilities. Paths count from the folder the
command runs in. The message says what is missing.`,
  },
  E547: {
    title: 'the teacher knows other classes',
    explanation: `A student learns how alike the classes are to the teacher, class by class, so both must have the same ones by the same
names; their order may differ. The message names those that only one side has. Train the teacher on these photos, or
give the student the photos that the teacher was trained on.`,
  },
  E549: {
    title: 'a hint cannot be followed',
    explanation: `\`distill.hints\` names a layer of the student and one of the teacher, as \`netlathe compile\` lists them. Hints look
inside the teacher, so it must be a network of netlathe, and the engine must be netlathe's own.`,
  },
  E548: {
    title: 'a file of the run is damaged',
    explanation: `\`run.json\` or \`metrics.jsonl\` is not what netlathe wrote: changed by hand, or by a failing disk. Restore it from a copy.
The weights are in files of their own and carry checksums: \`--init weights.safetensors\` starts a new run from them.`,
  },
  E550: {
    title: 'the frozen layers are not as meant',
    explanation: `\`train.freeze\` lists layers by name, as \`netlathe compile\` prints them; \`*\` stands for any text. Each pattern must
match a layer with weights, and some layer must be left to train.`,
  },
  E551: {
    title: 'the backend of TensorFlow.js cannot be had',
    explanation: `\`--engine tfjs --backend node\` needs the npm package \`@tensorflow/tfjs-node\`, and \`--backend webgpu\` needs
\`@tensorflow/tfjs-backend-webgpu\` and \`webgpu\`, installed beside netlathe, and a GPU with a driver for Vulkan, Metal or
Direct3D 12. Without \`--backend\` the engine takes what there is; \`--engine wasm\` needs nothing.`,
  },
  E552: {
    title: 'the GPU cannot do this',
    explanation: `The GPU or its driver refused a step, ran out of memory or was lost; the message is its own. The last checkpoint is
as it was: \`--resume\` goes on from it once the cause is gone. A smaller batch takes less memory.`,
  },
  E553: {
    title: 'the class weights are not as many as the classes',
    explanation: `\`train.classWeights\` has one number for each class, in the order of \`classes:\` or, where that is only a number, of
the folders by name. \`balanced\` takes them from how many photos each class has.`,
  },
} as const satisfies Readonly<Record<string, CodeText>>;

export const emitCodes = {
  E701: {
    title: 'the network cannot be emitted',
    explanation: `A module takes photos: its input must have 3 channels, or 1 for grey. The PyTorch project also refuses what it cannot
do of a recipe, such as some ways of learning from a teacher; the message names it.`,
  },
  E702: {
    title: 'something else is in the way',
    explanation: `The folder holds files that netlathe did not make, or that were changed since. Choose an empty one, or \`--force\`.`,
  },
  E703: {
    title: 'the module fails its test',
    explanation: `Before a module is handed out, its logits are compared with the trainer's. They differ, so nothing was written. If the
weights are numbers, this is a bug of netlathe: please report it with the architecture.`,
  },
  E704: {
    title: 'not a bundle, or not of this run',
    explanation: `\`netlathe verify\` compares what \`netlathe emit\` wrote with the run that it was made of. The folder holds no such
bundle, one of another version, or one of another network.`,
  },
  E705: {
    title: 'the key cannot sign an app',
    explanation: `Android installs signed apps only, and updates only what the same key has signed. \`--key\` takes a PEM file with an RSA
private key of 2048 bits or more, without a password, and perhaps its certificate. Without \`--key\` one is made beside
the folder, and used again. Keep it: without it an installed app cannot be updated, only removed. \`--check\` makes none.`,
  },
  E711: {
    title: 'there is no such layer to keep in floats',
    explanation: `\`netlathe emit --weights int8 --keep LAYER\` takes names of layers, as \`netlathe compile --graph\` prints them.`,
  },
} as const satisfies Readonly<Record<string, CodeText>>;

export const weightsCodes = {
  E801: {
    title: 'not a file of weights',
    explanation: `It is shorter than it says, or no safetensors file at all. netlathe reads no pickled files (\`.pt\`, \`.pth\`): they can
run code.`,
  },
  E802: {
    title: 'the header is malformed',
    explanation: `The list of tensors at the start of the file is no sound JSON, or says what the format does not allow. Write the file
anew.`,
  },
  E803: {
    title: 'a tensor is malformed',
    explanation: `Its type holds no real numbers, its shape is impossible, its name is reserved, or it stands twice.`,
  },
  E804: {
    title: 'the bytes do not match the header',
    explanation: `Tensors overlap, leave gaps, or reach beyond the end: most often the file was cut off in a copy or a download.`,
  },
  E805: {
    title: 'the weights of another network',
    explanation: `Names and shapes must be those of the network; the first that differ are listed. Weights fit the architecture they were
trained with, and the number of classes they were trained for.`,
  },
  E806: {
    title: 'the weights cannot be read',
    explanation: `The file is not there, the system refuses to give it, or it is a link or a device rather than a file.`,
  },
} as const satisfies Readonly<Record<string, CodeText>>;

export const suiteCodes = {
  E951: {
    title: 'the folder holds other trials',
    explanation: `A trial in \`--out\` was made with another architecture, recipe or photos than the suite asks for now. Mixed
with new ones it would make the comparison unfair, so nothing is run. Name another folder with \`--out\`, or remove the runs that the message lists.`,
  },
  E953: {
    title: 'there is no such teacher',
    explanation: `\`distill.teacher\` in a suite is one of its networks, which is then trained first, or the folder of a run or model
that is there already; such a path counts from the folder the command runs in.`,
  },
  E952: {
    title: 'trials were cut off',
    explanation: `The folder holds trials that were stopped before their end. \`--resume\` goes on with them, to the same bytes as if
they had never stopped, and tries again those that failed.`,
  },
  E954: {
    title: 'the Ray cluster cannot be used',
    explanation: `\`--on\` takes the address of the dashboard of a Ray cluster, which is asked through Ray's Jobs REST interface:
\`ray://HOST:8265\`, or \`http://\` or \`https://\`. It did not answer, refused, or is something else. Jobs that run already go
on without this command; \`--resume\` finds them again. A cluster with tokens wants RAY_AUTH_TOKEN.`,
  },
  E955: {
    title: 'the nodes cannot run trials',
    explanation: `A trial on a cluster is \`netlathe train\` on one of its nodes. All nodes need the same version of netlathe
(\`--node-command\` says how they call it), and must see \`--out\` and \`--data\` at the same paths as this machine: a folder
that they share. A small job has looked, before anything is trained.`,
  },
  E956: {
    title: 'a search without photos to judge by',
    explanation: `A search keeps the combination with the best accuracy on photos that it did not train on. Here there are none: no
folder validates, and none can be held out. \`data: { holdOut: 0.1 }\` in the recipe takes a tenth of the training photos.`,
  },
  E957: {
    title: 'trials belong to jobs of a cluster',
    explanation: `A suite with \`--on\` was killed, or lost its dashboard; its jobs on the Ray cluster may train still, or begin when there
are CPUs for them. The same command with \`--on ADDRESS --resume\` finds them again. To go on without the cluster, make
sure that no job is left (\`ray job list\`), and remove the files that the message names.`,
  },
  E958: {
    title: 'the folder to publish in holds runs with weights',
    explanation: `\`compare --publish DIR\` writes records of runs without their weights, and withdraws those of another recipe. In
DIR there are runs that were trained there, or weights laid into runs: with other records beside them, nobody could tell
whose they are. Name another folder, or lay the weights beside \`runs/\` and not within it.`,
  },
} as const satisfies Readonly<Record<string, CodeText>>;

export type SuiteCode = keyof typeof suiteCodes;
export type DataCode = keyof typeof dataCodes;
export type RunCode = keyof typeof runCodes;
export type EmitCode = keyof typeof emitCodes;
export type WeightsCode = keyof typeof weightsCodes;
export type RuntimeCode = DataCode | RunCode | EmitCode | WeightsCode | SuiteCode;
