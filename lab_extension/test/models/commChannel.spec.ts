import type { Kernel } from '@jupyterlab/services';

import { ProblemError } from '../../src/api/problem';
import { CommAbsentError, CommChannel } from '../../src/models/commChannel';

interface IQuestion {
  id: string;
  method: string;
}

const ignore: (message: unknown) => void = () => undefined;

/** A kernel that a test answers by hand. */
class FakeKernel {
  readonly questions: IQuestion[] = [];
  disposed = false;
  comm = {
    onMsg: ignore,
    onClose: ignore,
    open: (): void => undefined,
    send: (question: IQuestion): void => void this.questions.push(question),
    dispose: (): void => void (this.disposed = true),
    isDisposed: false
  };

  channel(): CommChannel {
    const kernel = { createComm: () => this.comm };
    return new CommChannel(kernel as unknown as Kernel.IKernelConnection);
  }

  answer(data: object): void {
    this.comm.onMsg({ content: { data } });
  }
}

describe('CommChannel', () => {
  it('matches answers by id, in any order', async () => {
    const kernel = new FakeKernel();
    const channel = kernel.channel();
    const first = channel.ask('list_pipelines', {});
    const second = channel.ask('describe', {});
    const [a, b] = kernel.questions;
    kernel.answer({ id: b?.id, ok: true, value: 2 });
    kernel.answer({ id: a?.id, ok: true, value: 1 });
    kernel.answer({ id: 'unknown', ok: true, value: 3 });
    await expect(first).resolves.toBe(1);
    await expect(second).resolves.toBe(2);
  });

  it('hands on why the kernel refused', async () => {
    const kernel = new FakeKernel();
    const asked = kernel.channel().ask('save_pipelines', {});
    kernel.answer({
      id: kernel.questions[0]?.id,
      ok: false,
      code: 'not-fitted',
      detail: 'Fit it.'
    });
    await expect(asked).rejects.toMatchObject({ code: 'not-fitted', detail: 'Fit it.' });
    await expect(asked).rejects.toBeInstanceOf(ProblemError);
  });

  it('leaves no question open when the kernel does not know the target', async () => {
    const kernel = new FakeKernel();
    const channel = kernel.channel();
    const asked = channel.ask('list_pipelines', {});
    kernel.comm.onClose({});
    await expect(asked).rejects.toBeInstanceOf(CommAbsentError);
    await expect(channel.ask('list_pipelines', {})).rejects.toBeInstanceOf(CommAbsentError);
  });

  it('ends open questions when it is disposed of', async () => {
    const kernel = new FakeKernel();
    const channel = kernel.channel();
    const asked = channel.ask('list_pipelines', {});
    channel.dispose();
    await expect(asked).rejects.toBeInstanceOf(CommAbsentError);
    expect(kernel.disposed).toBe(true);
  });
});
