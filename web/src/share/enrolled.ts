/** What enrolling gives, typed as `Enrolled` in `src/hubbub/outlet/wire.py`. */

export interface Enrolled {
  token: string;
  receipt: Record<string, unknown>;
  set_up: { app: string; link: string; qr_svg: string; steps: string[] }[];
}
