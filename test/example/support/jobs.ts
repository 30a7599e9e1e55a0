import { expect } from 'vitest';

interface Job {
  id: string;
  text: string;
  state: 'queued' | 'done';
  /** Once the job is done: the number of words that count, and its position among all done jobs. */
  words: number;
  number: number;
}

/** A client of the example's api. */
export class Jobs {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Posts the body, or sends a GET without one. */
  async call<T>(path: string, body?: object): Promise<{ status: number; body: T }> {
    const response = await fetch(`${this.#url}${path}`, body && { method: 'POST', body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as T };
  }

  /** Submits a job and returns its id. */
  async submit(text: string): Promise<string> {
    const { status, body } = await this.call<{ id: string }>('/jobs', { text });
    expect(status, JSON.stringify(body)).toBe(202);
    return body.id;
  }

  /** Waits until a job is done and returns it. */
  async finished(id: string): Promise<Job> {
    const job = () => this.call<Job>(`/jobs/${id}`);
    await expect.poll(job, { timeout: 20_000 }).toMatchObject({ status: 200, body: { state: 'done' } });
    return (await job()).body;
  }
}
